import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { isPlainText, newRequestId, readTraceContext, teeSinks, writeTime, type AuditEvent, type AuditSink, type TraceContext } from '../audit';
import type { Decision, DecisionPoint } from '../authorization';
import { circumstancesOf, NO_REPLAY_STORE, type Authenticator, type Principal, type SenderConstraint } from '../identity';
import { Header } from '../protocol';
import { certificateOf, headersOf, queryOf } from './aws-api-gateway';
import { openAuditLog } from './aws-audit-log';
import { watchBehaviour } from './aws-behaviour';
import { authenticatorOf, decisionPointOf } from './aws-decision-point';
import type { FunctionTracing } from './aws-tracing';
import type { AuthorizerSettings } from './settings';

/** What the authorizer is made of. */
export interface AuthorizerOptions {
  readonly publicUrl: string;
  readonly allowedOrigins: readonly string[];
  readonly authenticator: Authenticator;
  readonly decisionPoint: DecisionPoint;
  readonly audit: AuditSink;
  /** Hears of what is let through too: a success after failures (LOG-3). @default - nobody does */
  readonly watch?: AuditSink;
  readonly refusals: AuthorizerSettings['refusals'];
  /** By name of the server. @default - no server takes bound tokens */
  readonly senderConstraints?: ReadonlyMap<string, SenderConstraint>;
  /** @default - nobody follows requests */
  readonly tracing?: FunctionTracing;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** The authorizer of a deployment, with the same identity and decisions as its proxy. */
export function authorizerOf(settings: AuthorizerSettings, tracing?: FunctionTracing): AuthorizerFunction {
  const starting = startAuthorizer(settings, tracing);
  // Reported by the first request; without this an early failure would end the process before it.
  starting.catch(() => {});
  return async (event) => (await starting)(event);
}

async function startAuthorizer(settings: AuthorizerSettings, tracing?: FunctionTracing): Promise<AuthorizerFunction> {
  const log = await openAuditLog(settings.auditLog);
  const watch = watchBehaviour(settings.behaviourMetrics, log.write)?.sink;
  return createAuthorizer({
    ...settings,
    // The proxy checks the same proof of the same request, and is the one that remembers it.
    authenticator: authenticatorOf(settings, NO_REPLAY_STORE),
    decisionPoint: decisionPointOf(settings),
    audit: watch === undefined ? log.sink : teeSinks(log.sink, watch),
    watch,
    tracing,
  });
}

export type AuthorizerFunction = (event: APIGatewayRequestAuthorizerEvent) => Promise<APIGatewayAuthorizerResult>;

/**
 * Answers whether a principal may talk to an MCP server at all (IAM-1, CV-1); whether it may make this very call, the proxy
 * answers, which sees the body. Refusals are recorded here (LOG-1): what is let through, the proxy records.
 */
export function createAuthorizer(options: AuthorizerOptions): AuthorizerFunction {
  const { authenticator, decisionPoint, audit, watch, tracing, publicUrl, senderConstraints, clock = Date.now } = options;

  return async (event) => {
    const started = clock();
    const headers = headersOf(event);
    const server = event.pathParameters?.server ?? '';
    const trace = readTraceContext(headers);
    const spans = tracing?.tracer.begin();
    /** The request is decided: it is recorded where somebody asks for that, and its spans are sent. */
    const end = async (isRecorded: boolean, answered: Pick<Answered, 'refusal' | 'principal'>) => {
      if (!isRecorded && spans === undefined) return;
      const audited = auditEvent(event, headers, { ...answered, trace, server, started, now: clock() });
      spans?.finish(audited, trace);
      if (isRecorded) audit.write(audited);
      await Promise.all([isRecorded ? audit.flush() : undefined, tracing?.flush()]);
    };

    const endAuthentication = spans?.part('authentication');
    const authentication = await authenticator.authenticate({
      headers,
      method: event.httpMethod,
      url: `${publicUrl}${event.path}${queryOf(event)}`,
      resource: `${publicUrl}/mcp/${server}`,
      resourceMetadataUrl: `${publicUrl}/.well-known/oauth-protected-resource/mcp/${server}`,
      senderConstraint: senderConstraints?.get(server),
      clientCertificate: certificateOf(event.requestContext.identity),
    });
    endAuthentication?.(authentication.ok ? 'ok' : authentication.reason);
    if (!authentication.ok) {
      const { status, reason, challenge } = authentication;
      await end(true, { refusal: { status, reason, policyIds: [] }, principal: undefined });
      return refuse(options, event, status, { challenge, ...allowOrigin(options, headers) });
    }
    const { principal } = authentication;
    const endDecision = spans?.part('decision');
    const decision = await decisionPoint.decide({
      principal,
      server,
      operation: { kind: 'connect' },
      context: { now: started, sourceIp: sourceIpOf(event), protocolVersion: headers.get(Header.PROTOCOL_VERSION) ?? undefined, ...circumstancesOf(principal, started) },
    });
    endDecision?.(decision.effect);
    if (decision.effect === 'deny') {
      const status = statusOf(decision);
      await end(true, { refusal: { status, reason: decision.reason, policyIds: decision.policyIds }, principal });
      return refuse(options, event, status);
    }
    watch?.write(auditEvent(event, headers, { principal, trace, server, started, now: clock() }));
    await end(false, { principal });
    if (watch !== undefined) await audit.flush();
    return answer('Allow', event, `${principal.type}:${principal.id}`, traceBegun(trace, tracing));
  };
}

/** A trace that nobody began before: the proxy goes on with it, so that a request is in one. */
function traceBegun({ parentSpanId, traceId, spanId, ...trace }: TraceContext, tracing: FunctionTracing | undefined): Record<string, string> | undefined {
  if (parentSpanId !== undefined) return undefined;
  const isSampled = tracing?.tracer.isSampled({ traceId, spanId, ...trace }) ?? trace.sampled;
  return { traceparent: `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}` };
}

interface Refusal {
  readonly status: 400 | 401 | 403 | 503;
  readonly reason: string;
  readonly policyIds: readonly string[];
}

function statusOf({ reason }: Extract<Decision, { effect: 'deny' }>): 403 | 503 {
  return reason === 'unavailable' ? 503 : 403;
}

/** A deny, or an error: which of the two is which status is up to the API. */
function refuse(
  { refusals }: AuthorizerOptions,
  event: APIGatewayRequestAuthorizerEvent,
  status: Refusal['status'],
  context: Record<string, string> = {},
): APIGatewayAuthorizerResult {
  if (status === 503) throw new Error('no decision can be taken now');
  const denies = (status === 403) === (refusals === 'plain');
  if (!denies) throw new Error('Unauthorized');
  return answer('Deny', event, 'refused', context);
}

function answer(
  Effect: 'Allow' | 'Deny',
  event: APIGatewayRequestAuthorizerEvent,
  principalId: string,
  context?: Record<string, string>,
): APIGatewayAuthorizerResult {
  return {
    principalId,
    policyDocument: { Version: '2012-10-17', Statement: [{ Effect, Action: 'execute-api:Invoke', Resource: event.methodArn }] },
    context,
  };
}

function allowOrigin({ allowedOrigins }: AuthorizerOptions, headers: Headers): { allowOrigin?: string } {
  const origin = headers.get('origin');
  return origin !== null && allowedOrigins.includes(origin) ? { allowOrigin: origin } : {};
}

function sourceIpOf(event: APIGatewayRequestAuthorizerEvent): string | undefined {
  return event.requestContext.identity.sourceIp;
}

interface Answered {
  /** @default - it was let through */
  readonly refusal?: Refusal;
  readonly principal: Principal | undefined;
  readonly trace: TraceContext;
  readonly server: string;
  readonly started: number;
  readonly now: number;
}

function auditEvent(event: APIGatewayRequestAuthorizerEvent, headers: Headers, { refusal, principal, trace, server, started, now }: Answered): AuditEvent {
  const { traceId, spanId } = trace;
  const { requestId } = event.requestContext;
  return {
    time: writeTime(started),
    requestId: isPlainText(requestId) ? requestId : newRequestId(),
    traceId,
    spanId,
    principal: principal && { type: principal.type, id: principal.id, issuer: principal.issuer },
    sourceIp: sourceIpOf(event),
    server,
    method: headers.get(Header.METHOD) ?? undefined,
    ...(refusal === undefined ? { decision: 'allow' } : { decision: refusal.status === 503 ? 'error' : 'deny', reason: refusal.reason }),
    policyIds: refusal?.policyIds ?? [],
    requestBytes: 0,
    responseBytes: 0,
    durationMs: now - started,
    httpStatus: refusal?.status ?? 200,
  };
}
