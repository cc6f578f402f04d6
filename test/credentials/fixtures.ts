import type { Outbound, OutboundRequest } from '../../lambda/outbound';
import type { Caller, UpstreamRequest } from '../../lambda/credentials';

export const NOW = 1_767_225_600_000;
export const ISSUER = 'https://login.example.com';

/** An authorization server as far as its answers go: what it was asked, in order. */
export interface FakeServer {
  readonly outbound: Outbound;
  readonly asked: { readonly url: string; readonly form: Record<string, string>; readonly headers: Record<string, string> }[];
}

/** @param answer gets the form of each request to a token endpoint */
export function fakeServer(answer: (form: Record<string, string>, url: string) => unknown): FakeServer {
  const asked: FakeServer['asked'] = [];
  const outbound: Outbound = async (url, request: OutboundRequest = {}) => {
    const { origin, pathname } = new URL(url);
    if (pathname.startsWith('/.well-known/')) return json(200, { issuer: origin, token_endpoint: `${origin}/token` });
    const form = Object.fromEntries(new URLSearchParams(request.body));
    asked.push({ url: String(url), form, headers: { ...request.headers } });
    const result = await answer(form, String(url));
    return json(typeof result === 'object' && result !== null && 'error' in result ? 400 : 200, result);
  };
  return { outbound, asked };
}

function json(status: number, value: unknown) {
  return { status, headers: {}, body: JSON.stringify(value) };
}

export const REQUEST: UpstreamRequest = { method: 'POST', url: new URL('https://crm.example.com/mcp?tenant=7'), body: () => '{"jsonrpc":"2.0"}' };
export const ALICE: Caller = { key: 'alice', token: 'token-of-alice' };
export const BOB: Caller = { key: 'bob', token: 'token-of-bob' };
