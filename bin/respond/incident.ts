import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StartError, whyUnreadable } from '../../lambda/local';
import { isJsonObject, type JsonValue } from '../../lambda/protocol';
import { incidentOfEvent, NotAnIncident, readAddress, readIncident, report, type BusEvent, type Incident, type IncidentKind, type PrincipalSubject, type Reported, type Severity, type Subject } from '../../lambda/response';

/** How a person names an incident. */
export interface IncidentOptions {
  /** A file with an incident or an event of EventBridge; `-` for standard input. */
  readonly event?: string;
  readonly kind?: IncidentKind;
  readonly severity: Severity;
  readonly tool?: string;
  readonly principal?: string;
  readonly agent?: true;
  readonly address?: string;
  readonly server?: string;
  readonly why?: string;
}

/**
 * The incident that a person means.
 * @param issuer Of tokens: principals are named by it.
 * @throws StartError
 */
export function readOptions(options: IncidentOptions, issuer: string, now: number): Incident {
  try {
    return options.event === undefined ? reported(options, issuer, now) : inFile(options.event);
  } catch (error) {
    if (error instanceof NotAnIncident) throw new StartError(`${options.event === undefined ? '' : `${options.event}: `}${error.message}`);
    throw error;
  }
}

function inFile(file: string): Incident {
  let value: JsonValue;
  try {
    value = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')) as JsonValue;
  } catch (error) {
    throw new StartError(`${file}: ${error instanceof SyntaxError ? 'is not JSON' : whyUnreadable(error)}`);
  }
  if (!isJsonObject(value) || !('detail-type' in value)) return readIncident(value);
  const incident = incidentOfEvent(value as unknown as BusEvent);
  if (incident === undefined) throw new StartError(`${file}: the event tells of no incident that a playbook could contain`);
  return incident;
}

function reported({ kind, severity, why, ...named }: IncidentOptions, issuer: string, now: number): Incident {
  if (kind === undefined || why === undefined) throw new StartError('expected either --event FILE, or --kind, --why and what it is about');
  const subjects = subjectsOf(named, issuer);
  const incident = report({ name: 'report', eventId: randomUUID() }, { kind, severity, why, at: new Date(now).toISOString(), subjects } as unknown as Reported);
  return readIncident(JSON.parse(JSON.stringify(incident)) as JsonValue);
}

function subjectsOf({ tool, principal, agent, address, server }: Pick<IncidentOptions, 'tool' | 'principal' | 'agent' | 'address' | 'server'>, issuer: string): readonly Subject[] {
  const who: PrincipalSubject[] = principal === undefined ? [] : [{ kind: 'principal', type: agent ? 'Agent' : 'User', id: principal, issuer }];
  return [...who, ...(tool === undefined ? [] : [toolNamed(tool)]), ...(address === undefined ? [] : [{ kind: 'address', address: readAddress(address) ?? address } as const]), ...(server === undefined ? [] : [{ kind: 'server', server } as const])];
}

function toolNamed(name: string): Subject {
  const slash = name.indexOf('/');
  return slash === -1 ? { kind: 'tool', server: name } : { kind: 'tool', server: name.slice(0, slash), tool: name.slice(slash + 1) };
}
