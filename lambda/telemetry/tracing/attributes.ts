import type { AuditEvent } from '../../audit';
import type { FinishedSpan } from './span';

type Attributes = Record<string, string | number | readonly string[]>;

/** Methods whose target is a name and not an address that holds data. */
const NAME_OF: Readonly<Record<string, string>> = { 'tools/call': 'gen_ai.tool.name', 'prompts/get': 'gen_ai.prompt.name' };
const MAX_TEXT = 128;
const UPSTREAM_ERROR = /^upstream_error:(-?\d+)$/;

/** What a message is about, as the conventions name spans: `tools/call echo`. */
export function spanName(method: string | undefined, target: string | undefined): string {
  if (method === undefined) return 'mcp';
  return cut(target !== undefined && method in NAME_OF ? `${method} ${target}` : method);
}

/** OpenTelemetry's conventions for MCP (gen-ai/mcp, in development), without `mcp.resource.uri`, which may hold data. */
export function messageAttributes(method: string | undefined, target: string | undefined): Attributes {
  const attributes: Attributes = {};
  if (method === undefined) return attributes;
  attributes['mcp.method.name'] = cut(method);
  const key = NAME_OF[method];
  if (key !== undefined && target !== undefined) attributes[key] = cut(target);
  if (method === 'tools/call') attributes['gen_ai.operation.name'] = 'execute_tool';
  return attributes;
}

/** Of the span of a whole request. A refusal is the gateway at work, and no error of it. */
export function requestAttributes(event: AuditEvent): Pick<FinishedSpan, 'attributes' | 'isError'> {
  const { method, server, decision, reason, policyIds, requestId, protocolVersion, httpStatus, requestBytes, responseBytes } = event;
  const attributes = messageAttributes(method, knownTarget(event));
  attributes['network.transport'] = 'tcp';
  attributes['network.protocol.name'] = 'http';
  attributes['http.response.status_code'] = httpStatus;
  if (protocolVersion !== undefined) attributes['mcp.protocol.version'] = cut(protocolVersion);
  if (server !== undefined) attributes['mcp_zero_trust.server'] = server;
  attributes['mcp_zero_trust.decision'] = decision;
  if (reason !== undefined) attributes['mcp_zero_trust.reason'] = cut(reason);
  if (policyIds.length > 0) attributes['mcp_zero_trust.policies'] = policyIds.slice(0, 20).map(cut);
  attributes['mcp_zero_trust.request_id'] = requestId;
  attributes['mcp_zero_trust.request_bytes'] = requestBytes;
  attributes['mcp_zero_trust.response_bytes'] = responseBytes;
  const [, code] = UPSTREAM_ERROR.exec(reason ?? '') ?? [];
  if (code !== undefined) attributes['rpc.response.status_code'] = code;
  const isError = decision === 'error' || code !== undefined;
  if (isError) attributes['error.type'] = code ?? cut(reason ?? '_OTHER');
  return { attributes, isError };
}

/** A name that no server offers is whatever a client wrote there. */
export function knownTarget({ target, reason }: AuditEvent): string | undefined {
  return reason === 'unknown_tool' ? undefined : target;
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}
