import { readRawHeaders } from '../../../lambda/gateway/inbound/incoming';

it('GW-1 reads a header whatever its case, and null where there is none', () => {
  const headers = readRawHeaders(['Content-Type', 'application/json', 'MCP-Name', 'echo']);
  expect([headers.get('content-type'), headers.get('Mcp-Name'), headers.get('accept'), headers.get('constructor'), headers.get('__proto__')]).toEqual(['application/json', 'echo', null, null, null]);
});

it('GW-1 shows every value of a header that is sent twice, so that nobody reads one of two', () => {
  const raw = ['Authorization', 'Bearer one', 'host', 'a', 'AUTHORIZATION', 'Bearer two', 'Host', 'b', 'Cookie', 'x=1', 'cookie', 'y=2'];
  const headers = readRawHeaders(raw);
  expect([headers.get('authorization'), headers.get('host'), headers.get('cookie')]).toEqual(['Bearer one, Bearer two', 'a, b', 'x=1; y=2']);
});
