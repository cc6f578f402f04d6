import type { SenderConstraint } from './authenticator';
import { TOOL_AUTHORIZATION_TYPE } from './authorization-details';
import { DPOP_ALGORITHMS } from './dpop/algorithms';

/** What a protected resource says of itself, for clients that look for an authorization server. */
export interface ProtectedResource {
  /** Public URL of the resource, exactly as clients request it. */
  readonly resource: string;
  /** Issuer URLs, at least one (MCP authorization). */
  readonly authorizationServers: readonly string[];
  /** @default - `scopes_supported` is left out */
  readonly scopes?: readonly string[];
  /** Name that a person reads. @default - none */
  readonly name?: string;
  /** URL of documentation for developers. @default - none */
  readonly documentation?: string;
  /** @default 'off' */
  readonly senderConstraint?: SenderConstraint;
}

/** OAuth 2.0 Protected Resource Metadata, RFC 9728 section 2. */
export interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
  readonly scopes_supported?: readonly string[];
  readonly resource_name?: string;
  readonly resource_documentation?: string;
  readonly authorization_details_types_supported: readonly string[];
  /** Whether tokens that are bound to a client certificate are taken (RFC 8705 section 3.3). */
  readonly tls_client_certificate_bound_access_tokens?: true;
  readonly dpop_signing_alg_values_supported?: readonly string[];
  /** True where bearer tokens are refused. */
  readonly dpop_bound_access_tokens_required?: boolean;
}

/** The metadata document of a resource. `offline_access` is between client and issuer and is never in it (MCP authorization). */
export function protectedResourceMetadata(resource: ProtectedResource): ProtectedResourceMetadata {
  const scopes = resource.scopes?.filter((scope) => scope !== 'offline_access');
  return {
    resource: resource.resource,
    authorization_servers: resource.authorizationServers,
    bearer_methods_supported: ['header'],
    ...(scopes?.length ? { scopes_supported: scopes } : {}),
    ...(resource.name !== undefined ? { resource_name: resource.name } : {}),
    ...(resource.documentation !== undefined ? { resource_documentation: resource.documentation } : {}),
    authorization_details_types_supported: [TOOL_AUTHORIZATION_TYPE],
    ...bindings(resource.senderConstraint),
  };
}

function bindings(senderConstraint: SenderConstraint = 'off'): Partial<ProtectedResourceMetadata> {
  if (senderConstraint === 'off') return {};
  return {
    tls_client_certificate_bound_access_tokens: true,
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    dpop_bound_access_tokens_required: senderConstraint === 'required',
  };
}

export const PROTECTED_RESOURCE_WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * Where the metadata of the resource at `path` of `publicUrl` is: the well-known goes between host and path
 * (RFC 9728 section 3.1). `https://gateway.example.com`, `/mcp/files` gives
 * `https://gateway.example.com/.well-known/oauth-protected-resource/mcp/files`.
 */
export function protectedResourceMetadataUrl(publicUrl: string, path = ''): string {
  const base = new URL(publicUrl);
  const fullPath = `${base.pathname.replace(/\/$/, '')}${path}`.replace(/\/$/, '');
  return `${base.origin}${PROTECTED_RESOURCE_WELL_KNOWN}${fullPath}`;
}
