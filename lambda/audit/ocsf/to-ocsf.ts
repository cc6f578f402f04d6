import type { AuditEvent } from '../event';

/** An event of OCSF 1.3: API Activity (6003), Authorize Session (3003), Detection Finding (2004) or Incident Finding (2005). */
export type OcsfEvent = Readonly<Record<string, unknown>> & { readonly class_uid: 6003 | 3003 | 2004 | 2005 };

type Line = Readonly<Record<string, unknown>>;

const PRODUCT = { name: 'cdk-mcp-zero-trust', vendor_name: 'cdk-mcp-zero-trust' };
const VERSION = '1.3.0';

/**
 * One line of an audit file as an OCSF event: a request is API Activity; a step of a grant or of a tool's approval, and the
 * kill switch, are Authorize Session; what behaviour raised is a Detection Finding; a step of the response to an incident is an
 * update of an Incident Finding. What has no place in OCSF, the agentic fields that CoSAI asks for among it, is in `unmapped.mcp`.
 * `undefined` for a line that is no event, such as a checkpoint.
 */
export function toOcsf(line: Line): OcsfEvent | undefined {
  const time = Date.parse(String(line.time));
  if (Number.isNaN(time) || line.kind === 'checkpoint') return undefined;
  if (line.kind === 'detection') return detectionFinding(line, time);
  if (line.kind === 'response') return incidentFinding(line, time);
  if (line.kind === 'grant' || line.kind === 'kill_switch' || line.kind === 'tool') return authorizeSession(line, time);
  if (typeof line.decision !== 'string' || typeof line.requestId !== 'string') return undefined;
  return apiActivity(line as unknown as AuditEvent, time);
}

/** Activity of API Activity by what a method does: 1 create, 2 read, 3 update, 4 delete, 99 other. */
function activityOf(method: string | undefined): number {
  return method !== undefined && /(\/list|\/read|\/get|discover|complete)$/.test(method) ? 2 : 99;
}

const STATUS = { allow: { status_id: 1, status: 'Success' }, deny: { status_id: 2, status: 'Failure' }, error: { status_id: 2, status: 'Failure' } } as const;
/** 1 allowed, 2 denied. */
const ACTION = { allow: { action_id: 1, action: 'Allowed' }, deny: { action_id: 2, action: 'Denied' }, error: { action_id: 1, action: 'Allowed' } } as const;
/** 1 informational, 2 low. */
const SEVERITY = { allow: 1, deny: 2, error: 2 } as const;

function apiActivity(event: AuditEvent, time: number): OcsfEvent {
  const { principal, server, method, target, policyIds } = event;
  const activity = activityOf(method);
  return {
    ...classOf(6003, 6, activity, time, SEVERITY[event.decision]),
    ...STATUS[event.decision],
    ...ACTION[event.decision],
    metadata: { version: VERSION, product: PRODUCT, uid: event.requestId, correlation_uid: event.traceId, profiles: ['security_control'] },
    ...(event.reason === undefined ? {} : { status_detail: event.reason }),
    status_code: String(event.httpStatus),
    duration: Math.round(event.durationMs),
    actor: principal === undefined ? { app_name: 'unknown' } : { user: userOf(principal) },
    api: { operation: method ?? 'unknown', service: { name: server ?? 'unknown' }, request: { uid: event.requestId }, ...(event.protocolVersion === undefined ? {} : { version: event.protocolVersion }) },
    src_endpoint: event.sourceIp === undefined ? { name: 'unknown' } : { ip: event.sourceIp },
    ...(target === undefined ? {} : { resources: [{ name: target, type: method?.split('/')[0] ?? 'unknown' }] }),
    ...(policyIds.length === 0 ? {} : { policy: { uid: policyIds[0] } }),
    unmapped: {
      mcp: agentic({
        agent_id: principal?.type === 'Agent' ? principal.id : undefined,
        server,
        tool: method === 'tools/call' ? target : undefined,
        arguments_digest: event.argumentsDigest,
        policy_ids: policyIds,
        span_id: event.spanId,
        trace_id: event.traceId,
        request_bytes: event.requestBytes,
        response_bytes: event.responseBytes,
        upstream_status: event.upstreamStatus,
        notes: event.notes,
      }),
    },
  };
}

function authorizeSession(line: Line, time: number): OcsfEvent {
  const principal = line.principal as AuditEvent['principal'] | undefined;
  const by = typeof line.by === 'string' ? { name: line.by } : line.by === undefined ? undefined : userOf(line.by as NonNullable<AuditEvent['principal']>);
  const subject = line.kind === 'tool' ? line.subject : [line.server, line.tool].filter(Boolean).join('/') || undefined;
  return {
    ...classOf(3003, 3, 99, time, line.kind === 'kill_switch' ? 3 : 1),
    activity_name: `${String(line.kind)}: ${String(line.action)}`,
    status_id: line.action === 'approval_refused' ? 2 : 1,
    metadata: { version: VERSION, product: PRODUCT },
    user: principal === undefined ? (by ?? { name: 'policies' }) : userOf(principal),
    ...(by === undefined ? {} : { actor: { user: by } }),
    ...(line.why === undefined ? {} : { message: String(line.why) }),
    unmapped: { mcp: agentic({ subject, action: line.action, grant: line.grant, target: line.target, from: line.from, to: line.to, pin: line.pin, revision: line.revision }) },
  };
}

function detectionFinding(line: Line, time: number): OcsfEvent {
  const risk = Number(line.risk);
  const principal = principalIn(line.principal);
  return {
    ...classOf(2004, 2, 1, time, risk >= 75 ? 4 : risk >= 40 ? 3 : 2),
    status_id: 1,
    metadata: { version: VERSION, product: PRODUCT },
    finding_info: { uid: `${String(line.signal)}:${time}:${String(line.principal ?? line.sourceIp ?? line.tool)}`, title: String(line.why), types: [String(line.signal)], created_time: time },
    risk_score: risk,
    ...(principal === undefined ? {} : { actor: { user: principal } }),
    ...(line.sourceIp === undefined ? {} : { evidences: [{ src_endpoint: { ip: line.sourceIp } }] }),
    unmapped: { mcp: agentic({ server: line.server, tool: line.tool, signals: line.signals }) },
  };
}

/** 2 low, 3 medium, 4 high, 5 critical. */
const INCIDENT_SEVERITY: Readonly<Record<string, number>> = { low: 2, medium: 3, high: 4, critical: 5 };

/** Whether an incident is resolved no single action says: as long as there are steps, it is in progress. */
function incidentFinding(line: Line, time: number): OcsfEvent {
  return {
    ...classOf(2005, 2, 2, time, INCIDENT_SEVERITY[String(line.severity)] ?? 0),
    status_id: 2,
    status: 'In Progress',
    status_detail: `${String(line.action)}: ${String(line.state)}`,
    metadata: { version: VERSION, product: PRODUCT, uid: `${String(line.incident)}:${String(line.number)}:${String(line.state)}:${time}`, correlation_uid: String(line.incident) },
    finding_info_list: [{ uid: String(line.incident), title: String(line.incidentKind), types: [String(line.incidentKind)] }],
    ...(line.outcome === undefined ? {} : { message: String(line.outcome) }),
    unmapped: { mcp: agentic({ subject: line.subject, action: line.action, number: line.number, state: line.state, by: line.by }) },
  };
}

function classOf<Class extends OcsfEvent['class_uid']>(class_uid: Class, category_uid: number, activity_id: number, time: number, severity_id: number) {
  return { class_uid, category_uid, activity_id, type_uid: class_uid * 100 + activity_id, time, severity_id };
}

/** `type_id` 1 is a user, 3 a system; an agent is one. */
function userOf({ type, id, issuer }: NonNullable<AuditEvent['principal']>) {
  return { name: id, uid: id, type_id: type === 'Agent' ? 3 : 1, type, domain: issuer };
}

function principalIn(key: unknown): ReturnType<typeof userOf> | undefined {
  if (typeof key !== 'string') return undefined;
  const [issuer, type, id] = JSON.parse(key) as [string, string, string];
  return userOf({ issuer, type, id });
}

function agentic(members: Line): Line {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
