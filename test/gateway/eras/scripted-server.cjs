// A legacy MCP server on stdio that misbehaves as its tools' names say. For tests only.
const readline = require('node:readline');
const { setTimeout: later } = require('node:timers');

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const say = (id, value) => send({ id, result: { content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }] } });
const seen = [];
const asking = new Map();
const log = (data, level = 'info') => send({ method: 'notifications/message', params: { level, data } });
const form = { message: 'Who?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } };

const TOOLS = {
  whoami: (id) => say(id, { pid: process.pid, seen }),
  echo: (id, { text }) => say(id, text),
  touch: (id, { text }) => {
    send({ method: 'notifications/resources/updated', params: { uri: text } });
    say(id, 'touched');
  },
  announce: (id) => {
    send({ method: 'notifications/tools/list_changed' });
    say(id, 'announced');
  },
  hang: () => {},
  crash: () => process.exit(3),
  garbage: () => process.stdout.write('this is no JSON\n'.repeat(60)),
  chatter: (id) => {
    process.stdout.write('a banner\n{"half":\n[]\n42\n');
    say(id, 'after the noise');
  },
  wrong_id: () => say('no-such-id', 'lost'),
  unsolicited: (id) => {
    for (const other of [...Array(50).keys()]) send({ id: String(other + 1_000), result: { content: [] } });
    send({ id: null, error: { code: -32700, message: 'parse error' } });
    say(id, 'after the answers that nobody asked for');
  },
  flood: (id) => {
    for (let line = 0; line < 20_000; line += 1) log(`line ${line}`);
    say(id, 'after the flood');
  },
  // Goes on until it is cancelled, and says on its standard error that it was.
  drown: () => {
    for (let line = 0; line < 100; line += 1) log(`line ${line}`);
    if (seen.some(({ method }) => method === 'notifications/cancelled')) console.error('the flood was cancelled');
    else later(TOOLS.drown, 2);
  },
  changes: (id) => {
    for (let line = 0; line < 20_000; line += 1) send({ method: 'notifications/tools/list_changed' });
    say(id, 'after the changes');
  },
  huge: (id) => say(id, 'x'.repeat(300_000)),
  twice: (id) => {
    say(id, 'first');
    say(id, 'second');
  },
  foreign_progress: (id, _arguments, token) => {
    for (const other of ['token-of-another', 7, null]) send({ method: 'notifications/progress', params: { progressToken: other, progress: 99 } });
    send({ method: 'notifications/progress', params: { progressToken: token, progress: 1 } });
    say(id, 'done');
  },
  // Every question of this server has the same id.
  ask: (id) => {
    asking.set('question', [...(asking.get('question') ?? []), id]);
    send({ id: 'question', method: 'elicitation/create', params: form });
  },
  ask_and_withdraw: (id) => {
    send({ id: 'withdrawn', method: 'elicitation/create', params: form });
    later(() => {
      send({ method: 'notifications/cancelled', params: { requestId: 'withdrawn', reason: 'no longer needed' } });
      say(id, 'never mind');
    }, 50);
  },
  ask_nonsense: (id) => {
    asking.set('nonsense', [id]);
    send({ id: 'nonsense', method: 'no/such', params: {} });
  },
};

const inputSchema = { type: 'object', properties: { text: { type: 'string' } } };
const METHODS = {
  initialize: (id, params) => send({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: { listChanged: true }, logging: {}, resources: { subscribe: true } }, serverInfo: { name: 'scripted', version: '1' } } }),
  ping: (id) => send({ id, result: {} }),
  'tools/list': (id) => send({ id, result: { tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema })) } }),
  'tools/call': (id, { name, arguments: given = {}, _meta = {} }) => TOOLS[name](id, given, _meta.progressToken),
  'logging/setLevel': (id) => send({ id, result: {} }),
  'resources/subscribe': (id) => send({ id, result: {} }),
  'resources/unsubscribe': (id) => send({ id, result: {} }),
};

console.error(`scripted server ${process.argv[2] ?? ''} started`);
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.method === 'server/discover' && process.argv[2] === 'strict') process.exit(5);
  if (message.method === 'server/discover' && process.argv[2] === 'deaf') return;
  if (message.method === undefined) {
    for (const id of asking.get(message.id) ?? []) say(id, message.result ?? message.error);
    asking.delete(message.id);
    return;
  }
  if (message.method !== 'tools/list' && message.params?.name !== 'whoami') seen.push({ id: message.id, method: message.method, params: message.params });
  const serve = METHODS[message.method];
  if (serve !== undefined) serve(message.id, message.params ?? {});
  else if (message.id !== undefined) send({ id: message.id, error: { code: -32601, message: 'Method not found' } });
});
