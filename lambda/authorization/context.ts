import { isIP } from 'node:net';
import type { AuthorizationRequest, GrantRequestFacts, RequestContext } from './decision';
import { textOf, toCedarArguments, type CedarRecord, type CedarValue } from './argument-value';
import type { AuthenticationContext, Circumstances, GrantInUse } from './circumstances';

export type * from './circumstances';

/**
 * Stands in for what is not known or has no Cedar value, mostly the arguments. Every way of looking into a record fails on it,
 * so a policy that needs the arguments errs, and a policy that does not is none the wiser; leaving `arguments` out would
 * make `context has arguments` false instead, and a `forbid` guarded by it silent.
 */
export const UNKNOWN: CedarRecord = { __extn: { fn: 'duration', arg: '0ms' } };

/** Which members of the context are looked at, and which of their members; `undefined`: all of them. */
export type ContextReads = ReadonlyMap<string, ReadonlySet<string> | undefined> | undefined;

/**
 * The Cedar context of a request, as far as it is looked at.
 *
 * @param reads @default - all of it
 * @param withhold Say of the arguments that they are not known. @default false
 */
export function contextOf(request: AuthorizationRequest, reads?: ContextReads, withhold = false): CedarRecord {
  const { operation, context } = request;
  const wants = (member: string) => reads === undefined || reads.has(member);
  const record: CedarRecord = {};
  if (wants('time')) record.time = timeOf(context.now, reads?.get('time'));
  if (wants('network')) record.network = networkOf(context);
  if (context.protocolVersion !== undefined && wants('protocolVersion')) record.protocolVersion = context.protocolVersion;
  for (const member of CIRCUMSTANCES) {
    if (context[member] !== undefined && wants(member)) record[member] = circumstanceOf(member, context);
  }
  if (operation.kind === 'complete' && wants('reference')) record.reference = operation.reference;
  if ('request' in operation && wants('request')) record.request = requestOf(operation.request);
  if (operation.kind === 'callTool' && wants('arguments')) {
    const value = withhold ? undefined : toCedarArguments(operation.tool.inputSchema, operation.arguments, reads?.get('arguments'));
    record.arguments = value ?? UNKNOWN;
  }
  return record;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const TIME: Readonly<Record<string, (epoch: number) => CedarValue>> = {
  epoch: (epoch) => epoch,
  now: (epoch) => ({ __extn: { fn: 'datetime', arg: new Date(epoch).toISOString() } }),
  hour: (epoch) => Math.floor(epoch / HOUR) % 24,
  minute: (epoch) => Math.floor(epoch / 60_000) % 60,
  // 1 January 1970 was a Thursday, ISO 8601's day 4.
  dayOfWeek: (epoch) => ((Math.floor(epoch / DAY) + 3) % 7) + 1,
};

function timeOf(now: number, only: ReadonlySet<string> | undefined): CedarRecord {
  const epoch = Math.floor(now);
  const time: CedarRecord = {};
  for (const [name, valueAt] of Object.entries(TIME)) {
    if (only === undefined || only.has(name)) time[name] = valueAt(epoch);
  }
  return time;
}

/** Members of the context that are absent where nobody has looked; the network is the other one. */
const CIRCUMSTANCES = ['grant', 'purpose', 'risk', 'device', 'session', 'authentication'] as const;
type Circumstance = (typeof CIRCUMSTANCES)[number];

function circumstanceOf(member: Circumstance, known: Circumstances): CedarValue {
  switch (member) {
    case 'grant':
      return grantOf(known.grant!);
    case 'purpose':
      return textOf(known.purpose!);
    case 'risk':
      return known.risk! >= 0 && known.risk! <= MOST_RISK ? Math.ceil(known.risk!) : MOST_RISK;
    case 'device':
      return { trusted: known.device!.trusted };
    case 'session':
      return { id: textOf(known.session!.id), ageSeconds: seconds(known.session!.ageSeconds) };
    case 'authentication':
      return authenticationOf(known.authentication!);
  }
}

const MOST_RISK = 100;

function grantOf({ id, purpose, argumentsBound, approvedBy }: GrantInUse): CedarValue {
  const approvers = [...new Set(approvedBy)].map(textOf);
  return { id: textOf(id), purpose: textOf(purpose), argumentsBound, approvedBy: approvers, approvals: approvers.length };
}

function authenticationOf({ acr, ageSeconds, method, senderConstrained }: AuthenticationContext): CedarValue {
  return {
    ...(acr === undefined ? {} : { acr: textOf(acr) }),
    ...(ageSeconds === undefined ? {} : { ageSeconds: seconds(ageSeconds) }),
    ...(method === undefined ? {} : { method: textOf(method) }),
    senderConstrained,
  };
}

/** An age that cannot be right is the greatest. */
function seconds(age: number): number {
  return age <= Number.MAX_SAFE_INTEGER ? Math.max(0, Math.ceil(age)) : Number.MAX_SAFE_INTEGER;
}

function requestOf({ principal, argumentsBound, uses, lifetimeSeconds }: GrantRequestFacts): CedarValue {
  return { principal: textOf(principal), argumentsBound, uses, lifetimeSeconds };
}

/** IPv4 in IPv6 (`::ffff:192.0.2.1`), as dual-stack sockets report it. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

function networkOf({ sourceIp, network }: RequestContext): CedarRecord {
  const record: CedarRecord = {};
  if (network !== undefined) record.zone = textOf(network.zone);
  if (sourceIp !== undefined) {
    const address = MAPPED.exec(sourceIp)?.[1] ?? sourceIp.replace(/%.*$/, '');
    if (isIP(address) === 0) return UNKNOWN;
    record.sourceIp = { __extn: { fn: 'ip', arg: address } };
  }
  return record;
}
