// A server of 2025-11-25 over stdio. It writes down every line that reaches it, and answers the first from the file that
// FUZZ_SCRIPT names, where that is there, in place of the usual.
const { appendFileSync, readFileSync, rmSync } = require('node:fs');
const { createInterface } = require('node:readline');

const ANSWERS = JSON.parse(process.env.FUZZ_ANSWERS);

createInterface({ input: process.stdin }).on('line', (line) => {
  appendFileSync(process.env.FUZZ_ARRIVALS, `${line}\n`);
  const message = JSON.parse(line);
  if (message.id === undefined || message.method === undefined) return;
  const isOwn = message.method === 'server/discover' || message.method === 'initialize';
  const script = isOwn ? undefined : takeScript();
  if (script !== undefined) {
    for (const piece of script.pieces) process.stdout.write(Buffer.from(piece, 'latin1').toString('latin1').replaceAll('$ID', JSON.stringify(message.id)), 'latin1');
    if (script.exit) process.exit(1);
    return;
  }
  const answer = ANSWERS[message.method] ?? { error: { code: -32601, message: 'Method not found' } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer })}\n`);
});

function takeScript() {
  try {
    const script = JSON.parse(readFileSync(process.env.FUZZ_SCRIPT, 'utf8'));
    rmSync(process.env.FUZZ_SCRIPT);
    return script;
  } catch {
    return undefined;
  }
}
