import type { GatewayRuntime, Peer } from './gateway';
import type { GrantSite } from './grants';
import { plain } from './respond';
import type { RequestScope } from './scope';

/** `/grants` and `/approvals`: for people and programs that ask for grants and decide on them, with an audit event each (LOG-1). */
export async function serveSite({ options }: GatewayRuntime, site: GrantSite, request: Request, peer: Peer, scope: RequestScope): Promise<Response> {
  scope.draft.method = new URL(request.url).pathname.split('/', 2)[1];
  scope.draft.target = request.method;
  const host = request.headers.get('host')?.toLowerCase();
  if (host === undefined || !options.allowedHosts.includes(host)) {
    scope.deny('host_not_allowed');
    return plain(scope, 403, { error: 'the Host header does not name this gateway' });
  }
  if (options.audit.ready?.() === false) {
    scope.deny('audit_unavailable');
    return plain(scope, 503, { error: 'the gateway cannot record requests now, so it serves none' });
  }
  const pace = await options.rateLimiter.take({ address: peer.address });
  if (!pace.allowed) {
    scope.deny(`rate_limit_${pace.limit}`);
    return plain(scope, 429, { error: 'too many requests' }, { 'retry-after': String(pace.retryAfterSeconds) });
  }
  const { response, principal, denied } = await site.fetch(request, peer);
  if (principal !== undefined) scope.identify(principal);
  if (denied !== undefined) scope.deny(denied);
  scope.finish(response.status, Number(response.headers.get('content-length') ?? 0));
  return response;
}
