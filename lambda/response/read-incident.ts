import ipaddr from 'ipaddr.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { INCIDENT_KINDS, SEVERITIES, SUBJECTS_OF, incidentId, type Evidence, type Incident, type IncidentKind, type Subject } from './incident';

/** What was given is not an incident. The message is one sentence and quotes nothing but names of members. */
export class NotAnIncident extends Error {
  constructor(why: string) {
    super(`Not an incident: ${why}`);
    this.name = 'NotAnIncident';
  }
}

const MAX_TEXT = 512;
const MAX_WHY = 1_000;
const MAX_SUBJECTS = 20;
const MAX_EVIDENCE = 100;
const SERVER = /^[a-z0-9][a-z0-9_-]{0,62}$/;
/** Names of clusters, services and Kubernetes objects: what may stand in an ARN or in a path of an API. */
const RESOURCE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;
const PIN = /^[0-9a-f]{64}$/;

/**
 * The incident in a value that came from outside. Strict: members that are unknown, missing or of another form, subjects that
 * do not belong to the kind, and an id that is not that of the source are refused, for whoever can write an event acts by it.
 *
 * Control: IR-1.
 * @throws NotAnIncident
 */
export function readIncident(value: JsonValue | undefined): Incident {
  const incident = objectOf(value, 'it', ['kind', 'id', 'severity', 'at', 'why', 'source', 'subjects', 'evidence']);
  const kind = oneOf(incident.kind, INCIDENT_KINDS, 'kind');
  const named = objectOf(incident.source, 'source', ['name', 'eventId']);
  const source = { name: text(named.name, 'source.name'), eventId: text(named.eventId, 'source.eventId') };
  if (incident.id !== incidentId(source)) throw new NotAnIncident('id is not that of its source');
  const subjects = listOf(incident.subjects, 'subjects', MAX_SUBJECTS).map((one, index) => subjectOf(one, `subjects[${index}]`, kind));
  if (subjects.length === 0) throw new NotAnIncident('subjects is empty, expected at least one');
  return {
    kind,
    id: incident.id,
    severity: oneOf(incident.severity, SEVERITIES, 'severity'),
    at: time(incident.at, 'at'),
    why: text(incident.why, 'why', MAX_WHY),
    source,
    subjects,
    evidence: listOf(incident.evidence, 'evidence', MAX_EVIDENCE).map((one, index) => evidenceOf(one, `evidence[${index}]`)),
  } as unknown as Incident;
}

/**
 * An IP address in its one form: IPv6 compressed and in lower case, IPv4 inside IPv6 as IPv4. `undefined` for what is none, or
 * is that of no client: unspecified, loopback, multicast, broadcast.
 */
export function readAddress(value: string): string | undefined {
  if (!value.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(value)) return undefined;
  if (value.includes('%') || !ipaddr.isValid(value)) return undefined;
  const address = ipaddr.process(value);
  return ['unspecified', 'loopback', 'multicast', 'broadcast'].includes(address.range()) ? undefined : address.toString();
}

function subjectOf(value: JsonValue, at: string, kind: IncidentKind): Subject {
  const subject = readSubject(value, at);
  const allowed = SUBJECTS_OF[kind];
  if (!allowed.includes(subject.kind)) throw new NotAnIncident(`${at} is of the kind ${subject.kind}, expected ${allowed.join(' or ')} for ${kind}`);
  return subject;
}

/** @throws NotAnIncident that says `at` where */
export function readSubject(value: JsonValue, at: string): Subject {
  if (!isJsonObject(value)) throw new NotAnIncident(`${at} is not an object`);
  switch (value.kind) {
    case 'tool': {
      const { server, tool } = objectOf(value, at, ['kind', 'server'], ['tool']);
      return { kind: 'tool', server: matching(server, SERVER, `${at}.server`), ...(tool === undefined ? {} : { tool: text(tool, `${at}.tool`) }) };
    }
    case 'principal': {
      const { type, id, issuer } = objectOf(value, at, ['kind', 'type', 'id', 'issuer']);
      return { kind: 'principal', type: oneOf(type, ['User', 'Agent'] as const, `${at}.type`), id: text(id, `${at}.id`), issuer: text(issuer, `${at}.issuer`) };
    }
    case 'address': {
      const { address } = objectOf(value, at, ['kind', 'address']);
      if (typeof address !== 'string' || readAddress(address) !== address) throw new NotAnIncident(`${at}.address is not one IP address in its shortest form`);
      return { kind: 'address', address };
    }
    case 'server':
      return { kind: 'server', server: matching(objectOf(value, at, ['kind', 'server']).server, SERVER, `${at}.server`) };
    case 'workload':
      return workloadOf(value, at);
    default:
      throw new NotAnIncident(`${at}.kind is unknown`);
  }
}

function workloadOf(value: JsonObject, at: string): Subject {
  const name = (member: JsonValue | undefined, what: string) => matching(member, RESOURCE, `${at}.${what}`);
  if (value.platform === 'ecs') {
    const { cluster, service } = objectOf(value, at, ['kind', 'platform', 'cluster', 'service']);
    return { kind: 'workload', platform: 'ecs', cluster: name(cluster, 'cluster'), service: name(service, 'service') };
  }
  const { platform, cluster, namespace, deployment } = objectOf(value, at, ['kind', 'platform', 'cluster', 'namespace', 'deployment']);
  return {
    kind: 'workload',
    platform: oneOf(platform, ['kubernetes'] as const, `${at}.platform`),
    cluster: name(cluster, 'cluster'),
    namespace: name(namespace, 'namespace'),
    deployment: name(deployment, 'deployment'),
  };
}

function evidenceOf(value: JsonValue, at: string): Evidence {
  if (!isJsonObject(value)) throw new NotAnIncident(`${at} is not an object`);
  switch (value.kind) {
    case 'audit': {
      const range = objectOf(value, at, ['kind', 'from', 'to']);
      const [from, to] = [time(range.from, `${at}.from`), time(range.to, `${at}.to`)];
      if (Date.parse(from) > Date.parse(to)) throw new NotAnIncident(`${at}.from is after ${at}.to`);
      return { kind: 'audit', from, to };
    }
    case 'request':
      return { kind: 'request', requestId: text(objectOf(value, at, ['kind', 'requestId']).requestId, `${at}.requestId`) };
    case 'definition': {
      const { server, tool, pin } = objectOf(value, at, ['kind', 'server', 'pin'], ['tool']);
      const named = { server: matching(server, SERVER, `${at}.server`), ...(tool === undefined ? {} : { tool: text(tool, `${at}.tool`) }) };
      return { kind: 'definition', ...named, pin: matching(pin, PIN, `${at}.pin`) };
    }
    case 'finding':
      return { kind: 'finding', id: text(objectOf(value, at, ['kind', 'id']).id, `${at}.id`) };
    case 'alarm':
      return { kind: 'alarm', name: text(objectOf(value, at, ['kind', 'name']).name, `${at}.name`) };
    default:
      throw new NotAnIncident(`${at}.kind is unknown`);
  }
}

function objectOf(value: JsonValue | undefined, at: string, members: readonly string[], optional: readonly string[] = []): JsonObject {
  if (!isJsonObject(value)) throw new NotAnIncident(`${at} is not an object`);
  const missing = members.find((name) => value[name] === undefined);
  if (missing !== undefined) throw new NotAnIncident(`${at} has no member ${missing}`);
  if (Object.keys(value).some((name) => !members.includes(name) && !optional.includes(name))) throw new NotAnIncident(`${at} has an unknown member, expected ${[...members, ...optional].join(', ')}`);
  return value;
}

function listOf(value: JsonValue | undefined, at: string, most: number): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new NotAnIncident(`${at} is not a list`);
  if (value.length > most) throw new NotAnIncident(`${at} has more than ${most} elements`);
  return value as readonly JsonValue[];
}

function text(value: JsonValue | undefined, at: string, most: number = MAX_TEXT): string {
  if (typeof value === 'string' && value !== '' && value.length <= most) return value;
  throw new NotAnIncident(`${at} is not a text of 1 to ${most} characters`);
}

function matching(value: JsonValue | undefined, pattern: RegExp, at: string): string {
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new NotAnIncident(`${at} does not match ${pattern.source}`);
}

function oneOf<T extends string>(value: JsonValue | undefined, words: readonly T[], at: string): T {
  if (words.includes(value as T)) return value as T;
  throw new NotAnIncident(`${at} is not one of ${words.join(', ')}`);
}

const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

function time(value: JsonValue | undefined, at: string): string {
  if (typeof value === 'string' && ISO_UTC.test(value) && !Number.isNaN(Date.parse(value))) return value;
  throw new NotAnIncident(`${at} is not a time such as 2026-01-31T12:00:00Z`);
}
