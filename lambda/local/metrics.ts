import type { Gateway } from '../gateway';
import { METRICS_CONTENT_TYPE, type Metrics } from '../telemetry';

/** The gateway with `GET /metrics` beside it, for programs on this machine: it needs no token, and names no principal. */
export function withMetrics(gateway: Gateway, metrics: Metrics, allowedHosts: readonly string[]): Pick<Gateway, 'fetch'> {
  return {
    fetch(request, peer) {
      if (request.method !== 'GET' || !request.url.endsWith('/metrics') || new URL(request.url).pathname !== '/metrics') return gateway.fetch(request, peer);
      // A page on the web that has a name point here must not read it (DNS rebinding).
      if (!allowedHosts.includes(request.headers.get('host')?.toLowerCase() ?? '')) return Promise.resolve(new Response(null, { status: 403 }));
      return Promise.resolve(new Response(metrics.read(), { headers: { 'content-type': METRICS_CONTENT_TYPE, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } }));
    },
  };
}
