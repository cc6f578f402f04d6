import type { JWTPayload } from 'jose';
import { isJsonObject } from '../protocol';
import { TokenRefused } from './failure';
import type { ToolAuthorization } from './principal';

/**
 * The type of authorization details (RFC 9396) that this gateway understands: `{"type": "mcp_tool", "locations": ["https://host/mcp/files"],
 * "tools": ["read_file"], "arguments": {"path": "/a"}}`. `locations` names the servers, all of the token's audience where it is absent;
 * `arguments` are values that a call must have.
 */
export const TOOL_AUTHORIZATION_TYPE = 'mcp_tool';

/** Between a server's URL and a tool's name, in the audience of a token that is for one tool. */
const TOOL_PATH = '/tools/';

/** The audience of a token that is good for one tool of a server and nothing else of it (IAM-3). */
export function toolAudience(resource: string, tool: string): string {
  return `${resource}${TOOL_PATH}${encodeURIComponent(tool)}`;
}

/**
 * The only tools of `resource` that a token is good for (IAM-2, IAM-3), or `undefined` where it does not say.
 * @throws TokenRefused when the token is not for this resource, or says what it is for in a form that is not understood
 */
export function toolsOf(claims: JWTPayload, resource: string, audiences: readonly string[]): readonly ToolAuthorization[] | undefined {
  const byAudience = toolsByAudience(claims.aud, resource, audiences);
  const byDetails = toolsByDetails(claims.authorization_details, resource);
  if (byAudience === undefined || byDetails === undefined) return byDetails ?? byAudience?.map((tool) => ({ tool }));
  return byDetails.filter(({ tool }) => byAudience.includes(tool));
}

function toolsByAudience(aud: unknown, resource: string, audiences: readonly string[]): readonly string[] | undefined {
  if (aud === undefined) throw new TokenRefused('missing_claim');
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (named.some((name) => name === resource || audiences.includes(name as string))) return undefined;
  const prefix = resource + TOOL_PATH;
  const tools = named.flatMap((name) => (typeof name === 'string' && name.startsWith(prefix) ? [decodeTool(name.slice(prefix.length))] : []));
  if (tools.length === 0) throw new TokenRefused('wrong_audience');
  return tools;
}

function decodeTool(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TokenRefused('wrong_audience');
  }
}

function toolsByDetails(details: unknown, resource: string): readonly ToolAuthorization[] | undefined {
  if (details === undefined) return undefined;
  if (!Array.isArray(details) || !details.every((detail) => isJsonObject(detail) && typeof detail.type === 'string')) throw new TokenRefused('malformed_claim');
  const ours = details.filter(({ type }) => type === TOOL_AUTHORIZATION_TYPE);
  if (ours.length === 0) return undefined;
  return ours.flatMap(({ locations, tools, arguments: given }) => {
    if (!isTextList(tools) || !(locations === undefined || isTextList(locations)) || !(given === undefined || isJsonObject(given))) throw new TokenRefused('malformed_claim');
    if (locations !== undefined && !locations.includes(resource)) return [];
    return tools.map((tool) => (given === undefined ? { tool } : { tool, arguments: given }));
  });
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string');
}
