import { checkUpstreamUrl, createHttpTransport, DEFAULT_UPSTREAM_LIMITS } from '../../../lambda/gateway/upstream';

test.each([
  ['https://mcp.example.com/mcp', {}],
  ['https://8.8.8.8/mcp', {}],
  ['http://127.0.0.1:3000/mcp', { allowPrivate: true }],
  ['http://localhost:3000/mcp?x=1', { allowPrivate: true }],
  ['http://[::1]/mcp', { allowPrivate: true }],
  ['https://10.0.0.7/mcp', { allowPrivate: true }],
  ['http://server.mesh/mcp', { unsafeAllowPlainHttp: true }],
])('%s is accepted with %j', (url, rules) => {
  expect(checkUpstreamUrl(url, rules).href).toBe(url);
});

test.each([
  ['mcp.example.com', {}, 'must be absolute'],
  ['file:///etc/passwd', {}, 'must begin with https:// or http://'],
  ['https://user:secret@host/mcp', {}, 'must not contain credentials'],
  ['https://host/mcp#part', {}, 'must not have a fragment'],
  ['http://mcp.example.com/mcp', {}, 'plain http is for this machine alone'],
  ['http://10.0.0.7/mcp', { allowPrivate: true }, 'plain http is for this machine alone'],
  ['https://10.0.0.7/mcp', {}, 'not allowed'],
  ['https://localhost/mcp', {}, 'not allowed'],
  ['https://2130706433/mcp', {}, 'not allowed'],
  ['https://[::ffff:10.0.0.7]/mcp', {}, 'not allowed'],
  ['https://[fd12::1]/mcp', {}, 'not allowed'],
  ['http://169.254.169.254/latest', { allowPrivate: true, unsafeAllowPlainHttp: true }, 'not allowed'],
  ['http://[::ffff:169.254.169.254]/', { allowPrivate: true, unsafeAllowPlainHttp: true }, 'not allowed'],
  ['http://[fd00:ec2::254]/', { allowPrivate: true, unsafeAllowPlainHttp: true }, 'not allowed'],
  ['http://0.0.0.0/', { allowPrivate: true, unsafeAllowPlainHttp: true }, 'not allowed'],
])('%s is refused with %j', (url, rules, why) => {
  expect(() => checkUpstreamUrl(url, rules)).toThrow(why);
  expect(() => checkUpstreamUrl(url, rules)).not.toThrow(/secret/);
});

test('a name is checked when it is resolved', async () => {
  const transport = createHttpTransport({ name: 'files', url: 'http://localhost:9/mcp', headers: {}, limits: DEFAULT_UPSTREAM_LIMITS }, { allowPrivate: false });
  await expect(transport.post({ jsonrpc: '2.0', method: 'ping' }, { headers: {} })).rejects.toMatchObject({
    code: 'connect',
    message: 'The server "files" has a host name that resolves to an address that is not allowed.',
  });
  await transport.close();
});
