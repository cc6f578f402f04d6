import { LATEST_MODERN, MetaKey, isJsonObject, type JsonObject } from '../../protocol';
import type { UpstreamDescription } from './leg';

/** How the gateway names itself to upstream servers. */
export const GATEWAY_INFO = { name: 'cdk-mcp-zero-trust', version: '0.1.0' };

/** `_meta` of a modern request, on top of `meta` (MCP 2026-07-28, basic: `_meta`). */
export function modernMeta(clientCapabilities: JsonObject, clientInfo: JsonObject | undefined, meta?: JsonObject): JsonObject {
  return {
    ...meta,
    [MetaKey.PROTOCOL_VERSION]: LATEST_MODERN,
    [MetaKey.CLIENT_CAPABILITIES]: clientCapabilities,
    [MetaKey.CLIENT_INFO]: clientInfo ?? GATEWAY_INFO,
  };
}

/** What the result of `initialize` says of the server. */
export function describeInitialize(result: JsonObject): UpstreamDescription {
  return describe(result, result.serverInfo);
}

/** What the result of `server/discover` says of the server; `undefined` where it does not speak our modern revision. */
export function describeDiscover(result: JsonObject): UpstreamDescription | undefined {
  if (!Array.isArray(result.supportedVersions) || !result.supportedVersions.includes(LATEST_MODERN)) return undefined;
  return describe(result, isJsonObject(result._meta) ? result._meta[MetaKey.SERVER_INFO] : undefined);
}

function describe(result: JsonObject, serverInfo: unknown): UpstreamDescription {
  return {
    capabilities: isJsonObject(result.capabilities) ? result.capabilities : {},
    ...(isJsonObject(serverInfo) ? { serverInfo } : {}),
    ...(typeof result.instructions === 'string' ? { instructions: result.instructions } : {}),
  };
}
