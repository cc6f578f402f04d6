import type { Detection, SignalKind, ToolSignalKind } from '../../behaviour';
import type { Incident, PrincipalSubject, Severity } from '../incident';
import { readAddress } from '../read-incident';
import { report } from './build';

const SOURCE = 'behaviour';

/** What a signal of behaviour is a sign of. */
const KINDS: Readonly<Record<SignalKind, 'unauthorised_access' | 'exfiltration' | 'denial_of_service'>> = {
  rate: 'denial_of_service',
  loop: 'denial_of_service',
  shape: 'unauthorised_access',
  destination: 'exfiltration',
  size: 'exfiltration',
  volume: 'exfiltration',
  sequence: 'unauthorised_access',
  unusual_sequence: 'unauthorised_access',
  refusals: 'unauthorised_access',
  failures_then_success: 'unauthorised_access',
  dlp: 'exfiltration',
};

/** What is unusual about a tool for everybody is a sign that its server, or what it answers, is not what it was. */
const TOOL_KINDS: Readonly<Record<ToolSignalKind, 'tool_poisoning' | 'exfiltration'>> = {
  tool_size: 'exfiltration',
  tool_rate: 'tool_poisoning',
  tool_destination: 'exfiltration',
};

/**
 * What is unusual about a principal or a tool (CV-2, TB-1, LOG-3), as an incident. How severe it is follows from the risk, so that one
 * signal alone waits for a person and several together do not (SOC-3: high confidence).
 */
export function incidentOfDetection({ kind, at, principal, server, tool, sourceIp, risk, signals, why }: Detection): Incident | undefined {
  if (isOfTool(kind)) {
    if (server === undefined || tool === undefined) return undefined;
    return report({ name: SOURCE, eventId: `${kind} ${server}/${tool} ${at}` }, { kind: TOOL_KINDS[kind], severity: severityOf(risk), at: new Date(at).toISOString(), why, subjects: [{ kind: 'tool', server, tool }] });
  }
  const main = kind === 'combined' ? signals[0] : kind;
  const who = principal === undefined ? undefined : principalIn(principal);
  const address = sourceIp === undefined ? undefined : readAddress(sourceIp);
  if (main === undefined) return undefined;
  // Only where it is the address that is suspicious: many people may share one.
  const from = main === 'failures_then_success' && address !== undefined ? [{ kind: 'address', address } as const] : [];
  const [first, ...more] = [...(who === undefined ? [] : [who]), ...from];
  if (first === undefined) return undefined;
  return report({ name: SOURCE, eventId: `${kind} ${principal ?? ''} ${sourceIp ?? ''} ${at}` }, { kind: KINDS[main], severity: severityOf(risk), at: new Date(at).toISOString(), why, subjects: [first, ...more] });
}

function isOfTool(kind: Detection['kind']): kind is ToolSignalKind {
  return kind in TOOL_KINDS;
}

const HIGH_RISK = 80;
const MEDIUM_RISK = 50;

function severityOf(risk: number): Severity {
  return risk >= HIGH_RISK ? 'high' : risk >= MEDIUM_RISK ? 'medium' : 'low';
}

/** As `principalKey` of lambda/identity writes it. */
function principalIn(key: string): PrincipalSubject | undefined {
  const [issuer, type, id] = JSON.parse(key) as [string, string, string];
  return type === 'User' || type === 'Agent' ? { kind: 'principal', type, id, issuer } : undefined;
}
