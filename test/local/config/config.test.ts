import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, type LocalConfig } from '../../../lambda/local/config';
import { readConfig } from '../../../lambda/local/config/load';

const read = (value: unknown, environment = {}): LocalConfig => readConfig('/etc/mcp.json', JSON.stringify(value), environment);

function problemOf(text: string, file = 'mcp.json', environment = {}): string {
  try {
    readConfig(file, text, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'no problem';
}

const server = { command: 'node', args: ['server.js'] };
const files = '"mcpServers": {"files": {"command": "node"}}';

describe('a configuration that is accepted', () => {
  test('is the mcp.json of a client, unchanged', () => {
    const config = read({
      mcpServers: {
        files: { type: 'stdio', command: 'npx', args: ['-y', 'server', './data'], env: { A: '1' }, disabled: false },
        remote: { type: 'streamable-http', url: 'https://mcp.example.com/mcp', headers: { Authorization: 'Bearer x' } },
      },
    });
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 8808 });
    expect(config.servers.map(({ name, upstream }) => ({ name, upstream }))).toEqual([
      { name: 'files', upstream: { kind: 'stdio', command: 'npx', args: ['-y', 'server', './data'], env: { A: '1' }, cwd: '/etc' } },
      { name: 'remote', upstream: { kind: 'http', url: 'https://mcp.example.com/mcp', headers: { Authorization: 'Bearer x' } } },
    ]);
    expect(config.warnings).toEqual([]);
  });

  test('is the mcp.json of VS Code, with comments, tabs and trailing commas', () => {
    const text = '{\n\t// my servers\n\t"inputs": [],\n\t"servers": {\n\t\t"files": { /* local */ "type": "stdio", "command": "node", "args": ["http://x//y",], },\n\t},\n}\n';
    expect(readConfig('mcp.json', text, {}).servers[0]?.upstream).toMatchObject({ command: 'node', args: ['http://x//y'] });
  });

  test('is that of Claude Desktop, Windsurf, Gemini CLI and Copilot CLI, with names that no URL could have', () => {
    const config = read({
      globalShortcut: 'Ctrl+Space',
      preferences: { menuBar: true },
      mcpServers: {
        'Sequential Thinking': { command: 'npx', args: ['-y', 'x'], env: { PORT: 3000, UNSET: null } },
        GitHub: { serverUrl: 'https://a.example.com/mcp', env: {} },
        'io.example/Docs': { httpUrl: 'https://b.example.com/mcp', oauth: { enabled: true } },
        local: { type: 'local', command: 'x', tools: ['*'] },
        some: { type: 'local', command: 'x', tools: ['a', 'b'], includeTools: ['b', 'c'] },
        off: { command: 'x', enabled: false },
      },
    });
    expect(config.servers.map(({ name }) => name)).toEqual(['sequential-thinking', 'github', 'io-example-docs', 'local', 'some']);
    expect(config.servers[0]?.upstream).toMatchObject({ env: { PORT: '3000' } });
    expect(config.servers.flatMap(({ upstream }) => (upstream.kind === 'http' ? [upstream.url] : []))).toEqual(['https://a.example.com/mcp', 'https://b.example.com/mcp']);
    expect(config.toolFilters).toEqual(new Map([['some', { only: new Set(['b']), except: new Set() }]]));
    expect(config.warnings).toEqual([
      '"Sequential Thinking" is served as sequential-thinking, because its name is part of a URL and of policies',
      '"GitHub" is served as github, because its name is part of a URL and of policies',
      '"io.example/Docs" is served as io-example-docs, because its name is part of a URL and of policies',
      'these keys of other clients change nothing here, policies and limits do: io-example-docs.oauth',
    ]);
  });

  test('runs its programs where the editor does that has it in a folder of its own', () => {
    const servers = { mcpServers: { a: { command: 'node', args: ['${workspaceFolder}/server.js'] }, b: { command: 'node', cwd: 'here' } } };
    for (const folder of ['.vscode', '.cursor']) {
      const [a, b] = readConfig(`/srv/project/${folder}/mcp.json`, JSON.stringify(servers), {}).servers;
      expect([a?.upstream, b?.upstream]).toMatchObject([{ cwd: '/srv/project', args: ['/srv/project/server.js'] }, { cwd: `/srv/project/${folder}/here` }]);
    }
  });

  test('is YAML', () => {
    const text = 'mcpServers:\n  files: # local\n    command: node\n    normalize: false\n    unknownArguments: allow\n    limits: {totalMs: 1000}\nlisten: 9000\naudit: audit.jsonl\n';
    const config = readConfig('/etc/mcp.yaml', text, {});
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(config.audit).toEqual({ file: '/etc/audit.jsonl', keyFile: '/etc/audit.jsonl.key' });
    expect(config.servers[0]).toMatchObject({ normalize: false, unknownArguments: 'allow', upstreamLimits: { totalMs: 1000 } });
  });

  test('ignores with one warning the keys by which clients approve tools', () => {
    const config = read({ mcpServers: { a: { ...server, autoApprove: ['x'], timeout: 60 }, b: { ...server, alwaysAllow: [] } } });
    expect(config.warnings).toEqual(['these keys of other clients change nothing here, policies and limits do: a.autoApprove, a.timeout, b.alwaysAllow']);
  });

  test('holds to the keys by which clients hide tools', () => {
    const config = read({ mcpServers: { a: { ...server, includeTools: ['x', 'y'], excludeTools: ['y'] }, b: { ...server, disabledTools: ['z'] }, c: server } });
    expect(config.toolFilters).toEqual(new Map([
      ['a', { only: new Set(['x', 'y']), except: new Set(['y']) }],
      ['b', { except: new Set(['z']) }],
    ]));
  });

  test('leaves disabled servers out, whatever else is wrong with them', () => {
    const config = read({ mcpServers: { on: server, off: { command: 'node', env: { TOKEN: '${NOT_SET}' }, disabled: true } } });
    expect(config.servers.map(({ name }) => name)).toEqual(['on']);
  });

  test('replaces variables, and does not look at what was put in', () => {
    const config = read(
      { mcpServers: { a: { command: '${BIN}', args: ['${env:ARG}', '$HOME', '${MODE:-safe}'], env: { TOKEN: '${TOKEN}' } }, b: { url: '${URL}', headers: { 'X-Key': 'k-${TOKEN}' } } } },
      { BIN: 'node', ARG: 'x', TOKEN: '${BIN}', URL: 'http://127.0.0.1:1/mcp' },
    );
    expect(config.servers[0]?.upstream).toMatchObject({ command: 'node', args: ['x', '$HOME', 'safe'], env: { TOKEN: '${BIN}' } });
    expect(config.servers[1]?.upstream).toMatchObject({ url: 'http://127.0.0.1:1/mcp', headers: { 'X-Key': 'k-${BIN}' } });
  });

  test('reads relative paths from the folder of the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] }));
    writeFileSync(join(folder, '.env'), 'A=from file\nB=from file\n');
    writeFileSync(
      join(folder, 'mcp.yaml'),
      'mcpServers: {a: {command: node, cwd: work, envFile: .env, env: {B: from env}}}\npolicies: ./policies\nidentity: {issuer: "https://login.example.com", jwks: keys.json, audience: api}\n',
    );
    const config = loadConfig(join(folder, 'mcp.yaml'), {});
    expect(config.policies).toBe(join(folder, 'policies'));
    expect(config.servers[0]?.upstream).toMatchObject({ cwd: join(folder, 'work'), env: { A: 'from file', B: 'from env' } });
    expect(config.identity?.trusted).toMatchObject({ issuer: 'https://login.example.com', audiences: ['api'], jwks: { keys: [{ kty: 'EC' }] } });
  });

  test.each([
    ['127.0.0.1:9000', { host: '127.0.0.1', port: 9000 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    [':80', { host: '127.0.0.1', port: 80 }],
    ['80', { host: '127.0.0.1', port: 80 }],
    [80, { host: '127.0.0.1', port: 80 }],
    [{ port: 80 }, { host: '127.0.0.1', port: 80 }],
  ])('listens on %j', (listen, expected) => {
    expect(read({ mcpServers: { a: server }, listen }).listen).toEqual(expected);
  });

  test('names the limits of GW-3', () => {
    const { limits } = read({ mcpServers: { a: server }, limits: { rates: { perPrincipal: { requests: 5, seconds: 1 } }, maxBodyBytes: 10, requestMs: 7 } });
    expect(limits).toEqual({ gateway: { maxBodyBytes: 10 }, http: { requestMs: 7 }, rates: { perPrincipal: { points: 5, seconds: 1 } } });
  });

  test('may open to other machines when it says who may come and where it is', () => {
    const config = read({
      mcpServers: { a: server },
      listen: '0.0.0.0:80',
      publicUrl: 'http://mcp.example.com/',
      policies: 'p',
      identity: { issuer: 'https://login.example.com', jwks: 'https://login.example.com/keys' },
    });
    expect(config.publicUrl).toBe('http://mcp.example.com');
    expect(config.warnings).toEqual(['tokens reach http://mcp.example.com/ without encryption, put TLS in front and give its https:// origin as "publicUrl"']);
  });
});

describe('a configuration that is refused says where and what was expected', () => {
  test.each([
    ['a network zone that is none', `{${files}, "networkZones": {"office": ["10.0.0.0/99"]}}`, 'mcp.json:1:48: /networkZones: the network zone "office" has "10.0.0.0/99", expected an address or a range such as 10.0.0.0/8'],
    ['a typo in a server', `{\n  "mcpServers": {\n    "files": {"comand": "node"}\n  }\n}`, 'mcp.json:3:15: /mcpServers/files/comand: unknown key, did you mean "command"?'],
    ['two problems', `{"mcpServers": {"a": {"command": 1, "args": 2}}}`, 'mcp.json:1:34: /mcpServers/a/command: expected a string, found a number (and 1 more: mcp-zero-trust config check shows it)'],
    ['a typo at the top', `{${files}, "polices": "p"}`, 'mcp.json:1:48: /polices: unknown key, did you mean "policies"?'],
    ['a key that is near none', `{${files}, "zzz": 1}`, 'mcp.json:1:48: /zzz: unknown key'],
    ['a directive that the parser quotes the file for', `%YAML 1.1{"env": {"TOKEN": "s"}}`, 'mcp.json:1:1: this YAML directive is not understood here'],
    ['a slip that the parser quotes the file for', `|{"headers": {"Authorization": "Bearer s"}}`, 'mcp.json:1:2: not valid JSON: Block scalar header includes extra characters'],
    ['a slip that makes a key of half of the file', `x{"mcpServers":{"a":{"headers":{"Authorization":"Bearer s": 1`, 'mcp.json:1:1: /(no name): unknown key'],
    ['another case', `{"mcpservers": {}}`, 'mcp.json:1:2: /mcpservers: unknown key, did you mean "mcpServers"?'],
    ['a list of the wrong type', `{"mcpServers": {"a": {"command": "node", "args": "x"}}}`, 'mcp.json:1:50: /mcpServers/a/args: expected an array, found a string'],
    ['a list in env', `{"mcpServers": {"a": {"command": "node", "env": {"PORT": []}}}}`, 'mcp.json:1:58: /mcpServers/a/env/PORT: expected a string, a number or a null, found an array'],
    ['an item of the wrong type', `{"mcpServers": {"a": {"command": "node", "args": ["x", null]}}}`, 'mcp.json:1:56: /mcpServers/a/args/1: expected a string, found nothing'],
    ['neither command nor url', `{"mcpServers": {"a": {}}}`, 'mcp.json:1:22: /mcpServers/a: expected either "command" (a program to start) or "url" (a remote server), and not both'],
    ['both', `{"mcpServers": {"a": {"command": "x", "url": "https://x"}}}`, 'mcp.json:1:22: /mcpServers/a: expected either "command" (a program to start) or "url" (a remote server), and not both'],
    ['headers for a program', `{"mcpServers": {"a": {"command": "x", "headers": {}}}}`, 'mcp.json:1:39: /mcpServers/a/headers: only goes with "url"'],
    ['a name of which no URL can be made', `{"mcpServers": {"北京": {"command": "x"}}}`, 'mcp.json:1:17: /mcpServers/北京: expected a name with letters from a to z or digits, because it is part of a URL and of policies'],
    ['two names that make one URL', `{"mcpServers": {"a b": {"command": "x"}, "A-B": {"command": "x"}}}`, 'mcp.json:1:42: /mcpServers/A-B: would have the same URL as "a b", /mcp/a-b, give one of them another name'],
    ['an object that JavaScript brings along as a variable', `{"mcpServers": {"a": {"command": "\${constructor}"}}}`, 'mcp.json:1:34: /mcpServers/a/command: the environment variable constructor is not set'],
    ['HTTP+SSE of a program', `{"mcpServers": {"a": {"type": "sse", "command": "x"}}}`, 'mcp.json:1:31: /mcpServers/a/type: does not go with "command"'],
    ['credentials for HTTP+SSE', `{"mcpServers": {"a": {"type": "sse", "url": "https://x/sse", "credentials": {"type": "sigV4", "service": "s", "region": "r"}}}}`, 'mcp.json:1:77: /mcpServers/a/credentials: does not go with "sse", put the credential of the server into "headers"'],
    ['a transport that does not fit', `{"mcpServers": {"a": {"type": "http", "command": "x"}}}`, 'mcp.json:1:31: /mcpServers/a/type: does not go with "command"'],
    ['an unknown transport', `{"mcpServers": {"a": {"type": "ws", "url": "https://x"}}}`, 'mcp.json:1:31: /mcpServers/a/type: expected "stdio", "local", "http", "streamable-http", "streamableHttp" or "sse"'],
    ['a URL of another scheme', `{"mcpServers": {"a": {"url": "ftp://x"}}}`, 'mcp.json:1:30: /mcpServers/a/url: expected a URL that starts with https:// or http://'],
    ['a password in a URL', `{"mcpServers": {"a": {"url": "https://u:p@x"}}}`, 'mcp.json:1:30: /mcpServers/a/url: expected a URL without a password, put the credential into "headers"'],
    ['a header that is none', `{"mcpServers": {"a": {"url": "https://x", "headers": {"X Y": "1"}}}}`, 'mcp.json:1:62: /mcpServers/a/headers/X Y: is not a valid HTTP header'],
    ['a variable that is not set', `{"mcpServers": {"a": {"command": "x", "env": {"T": "\${API_TOKEN}"}}}}`, 'mcp.json:1:52: /mcpServers/a/env/T: the environment variable API_TOKEN is not set'],
    ['an input of VS Code', `{"servers": {"a": {"command": "x", "env": {"T": "\${input:key}"}}}}`, 'mcp.json:1:49: /servers/a/env/T: the input "key" has no answer, expected it in the environment as MCP_INPUT_KEY'],
    ['inputs that could not be told apart', `{"inputs": [{"id": "a.key"}, {"id": "a-key"}], ${files}}`, 'mcp.json:1:2: /inputs: "a.key" and "a-key" would both be MCP_INPUT_A_KEY, give one of them another id'],
    ['an input without a name', `{"inputs": [{"type": "promptString"}], ${files}}`, 'mcp.json:1:13: /inputs/0: the key "id" is missing'],
    ['a reference of another kind', `{"mcpServers": {"a": {"command": "\${workspace:x}"}}}`, 'mcp.json:1:34: /mcpServers/a/command: a reference that is not understood, expected ${NAME}, ${env:NAME} or ${NAME:-default}'],
    ['no servers', `{"listen": 1}`, 'mcp.json:1:1: the key "mcpServers" is missing'],
    ['an empty list of servers', `{"mcpServers": {}}`, 'mcp.json:1:2: /mcpServers: expected at least one server that is not disabled'],
    ['both names for servers', `{${files}, "servers": {"b": {"command": "x"}}}`, 'mcp.json:1:48: /servers: is the same as "mcpServers", give one of the two'],
    ['a port too large', `{${files}, "listen": "127.0.0.1:70000"}`, 'mcp.json:1:48: /listen: expected a port from 0 to 65535'],
    ['an address without port', `{${files}, "listen": "127.0.0.1"}`, 'mcp.json:1:58: /listen: expected "host:port", for example "127.0.0.1:8808"'],
    ['a public URL with a path', `{${files}, "publicUrl": "https://x/mcp"}`, 'mcp.json:1:61: /publicUrl: expected an origin without a path, for example "https://mcp.example.com"'],
    ['a limit of nothing', `{${files}, "limits": {"maxBodyBytes": 0}}`, 'mcp.json:1:75: /limits/maxBodyBytes: expected at least 1'],
    ['identity whose keys cannot be found', `{${files}, "policies": "p", "identity": {"issuer": "i"}}`, 'mcp.json:1:77: /identity: issuers: i is no URL, so its keys cannot be discovered; expected jwks'],
    ['a question about tokens by nobody', `{${files}, "policies": "p", "identity": {"issuer": "https://x", "introspection": {"clientId": "g"}}}`, 'mcp.json:1:77: /identity: introspection needs "clientSecret" or "privateKey"'],
    ['a binding that does not exist', `{"mcpServers": {"a": {"url": "https://x", "senderConstraint": "always"}}}`, 'mcp.json:1:63: /mcpServers/a/senderConstraint: expected "off", "optional" or "required"'],
    ['credentials without a secret', `{"mcpServers": {"a": {"url": "https://x", "credentials": {"type": "secret"}}}}`, 'mcp.json:1:58: /mcpServers/a/credentials: the key "secret" is missing'],
    ['credentials of nobody', `{"mcpServers": {"a": {"url": "https://x", "credentials": {"type": "tokenExchange", "issuer": "https://i", "clientId": "g"}}}}`, 'mcp.json:1:58: /mcpServers/a/credentials: a client of an authorization server needs "clientSecret" or "privateKey"'],
    ['credentials from a variable that is not set', `{"mcpServers": {"a": {"url": "https://x", "credentials": {"type": "secret", "secret": "\${NOT_SET}"}}}}`, 'mcp.json:1:58: /mcpServers/a/credentials: the environment variable NOT_SET is not set'],
    ['credentials for a program', `{"mcpServers": {"a": {"command": "x", "credentials": {"type": "sigV4", "service": "lambda"}}}}`, 'mcp.json:1:39: /mcpServers/a/credentials: only goes with "url"'],
    ['a requirement of nothing', `{"mcpServers": {"a": {"url": "https://x", "tokenRequirements": [{"tools": ["x"]}]}}}`, 'mcp.json:1:64: /mcpServers/a/tokenRequirements: a token requirement asks for nothing; expected scopes, acrValues or maxAgeSeconds'],
    ['TLS without its files', `{${files}, "tls": {"cert": "/nowhere/c.pem", "key": "/nowhere/k.pem"}}`, 'mcp.json:1:64: /tls/cert: cannot read the file /nowhere/c.pem (and 1 more: mcp-zero-trust config check shows it)'],
    ['keys without encryption', `{${files}, "policies": "p", "identity": {"issuer": "i", "jwks": "http://x.example.com/k"}}`, 'mcp.json:1:101: /identity/jwks: issuers: the keys of i are at http://x.example.com; expected https, or http on a loopback address'],
    ['keys in no file', `{${files}, "policies": "p", "identity": {"issuer": "i", "jwks": "/nowhere/keys.json"}}`, 'mcp.json:1:101: /identity/jwks: no JSON Web Key Set in /nowhere/keys.json: there is no such file'],
    ['identity without policies', `{${files}, "anonymous": "me"}`, 'mcp.json:1:48: /anonymous: needs "policies" beside it, a folder of Cedar policies: without one nothing is permitted'],
    ['anonymous for other machines', `{${files}, "listen": "0.0.0.0:80", "publicUrl": "https://x", "policies": "p", "anonymous": "me", "identity": {"issuer": "i", "jwks": "https://x/k"}}`, 'mcp.json:1:115: /anonymous: is refused while the gateway listens on 0.0.0.0, which other machines can reach'],
    ['no identity for other machines', `{${files}, "listen": "0.0.0.0:80", "publicUrl": "https://x"}`, 'mcp.json:1:1: the key "identity" is needed while the gateway listens on 0.0.0.0, which other machines can reach'],
    ['a key that is there twice', `{"mcpServers": {},\n "mcpServers": {}}`, 'mcp.json:2:2: this key is there twice'],
    ['a brace too few', `{"mcpServers": {"a": {"command": "x"}}`, 'mcp.json:1:39: not valid JSON: expected , or } before this'],
    ['a bracket too few', `{"mcpServers": {"a": {"command": "x", "args": ["y"}}}`, 'mcp.json:1:51: not valid JSON: expected , or ] before this'],
    ['a brace too many', `{${files}}}`, 'mcp.json:1:47: not valid JSON: this } closes nothing'],
    ['a comma that is missing', `{"mcpServers": {"a": {"command": "x"\n"args": []}}}`, 'mcp.json:2:1: not valid JSON: expected , before this'],
    ['a colon that is missing', `{"mcpServers" {}}`, 'mcp.json:1:15: not valid JSON: expected : between a key and its value'],
    ['a quote that is missing', `{"mcpServers": {"a": {"command": "x}}}`, 'mcp.json:1:39: not valid JSON: the " at the end of a text is missing'],
    ['something else than an object', `[]`, 'mcp.json:1:1: expected an object, found an array'],
    ['nothing at all', ``, 'mcp.json: expected an object, found nothing'],
  ])('%s', (_name, text, message) => {
    expect(problemOf(text)).toBe(message);
  });

  test('in YAML too', () => {
    expect(problemOf('mcpServers:\n  a:\n    command: node\n    arg: [x]\n', 'mcp.yaml')).toBe('mcp.yaml:4:5: /mcpServers/a/arg: unknown key, did you mean "args"?');
    expect(problemOf('mcpServers: !!js/function x\n', 'mcp.yaml')).toBe('mcp.yaml:1:13: YAML tags are not understood here');
  });

  test('shows no value of the file, which may be a secret', () => {
    const secret = 's3cr3t';
    for (const entry of [{ command: 1, env: { T: secret } }, { url: `ftp://${secret}` }, { url: 'https://x', headers: { A: `${secret}\n` } }, { command: 'x', type: secret }]) {
      expect(problemOf(JSON.stringify({ mcpServers: { a: entry } }))).not.toContain(secret);
    }
  });

  test('never has the parser warn with words of the file', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(problemOf('{"mcpServers": {}, ? ["Bearer s"] : 1}', 'mcp.yaml')).not.toContain('Bearer');
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('bounds what YAML aliases expand to', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefgh'.split('').map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]`)].join('\n');
    expect(problemOf(bomb, 'mcp.yaml')).toBe('mcp.yaml:1:1: its YAML aliases expand to too much');
    expect(problemOf('mcpServers:\n  a: *nobody\n', 'mcp.yaml')).toBe('mcp.yaml:2:6: this YAML alias has no anchor before it');
  });

  test('a file that is not there, and a folder', () => {
    expect(() => loadConfig('/nowhere/mcp.json', {})).toThrow(new ConfigError('/nowhere/mcp.json', [{ pointer: '', message: 'there is no such file' }]));
    expect(() => loadConfig(tmpdir(), {})).toThrow('this is a folder, expected a file');
  });
});
