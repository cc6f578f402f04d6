import fc from 'fast-check';
import type { UpstreamEvent } from '../../../lambda/gateway/upstream';
import { createEventStreamParser } from '../../../lambda/gateway/upstream/event-stream';

const message = { jsonrpc: '2.0', id: 1, result: { text: 'zażółć 🔒' } } as const;
const data = JSON.stringify(message);

interface Parsed {
  readonly events: UpstreamEvent[];
  readonly failures: string[];
}

function parse(chunks: Buffer[], maxMessageBytes = 1_000): Parsed {
  const events: UpstreamEvent[] = [];
  const failures: string[] = [];
  const parser = createEventStreamParser(maxMessageBytes, {
    onEvent: (event) => events.push(event),
    onFailure: (code) => failures.push(code),
  });
  for (const chunk of chunks) parser.feed(chunk);
  return { events, failures };
}

const parseText = (text: string, maxMessageBytes?: number) => parse([Buffer.from(text)], maxMessageBytes);

test.each([
  ['LF', `data: ${data}\n\n`],
  ['CRLF', `data: ${data}\r\n\r\n`],
  ['CR', `data: ${data}\r\r\n`],
  ['no space after the colon', `data:${data}\n\n`],
  ['a byte order mark', `\ufeffdata: ${data}\n\n`],
  ['a comment before', `: hello\n\ndata: ${data}\n\n`],
  ['the type message', `event: message\ndata: ${data}\n\n`],
  ['a field nobody knows', `color: red\ndata: ${data}\n\n`],
])('a message with %s', (_, text) => {
  expect(parseText(text)).toEqual({ events: [{ kind: 'message', message }], failures: [] });
});

test('a message on several data lines', () => {
  expect(parseText('data: {"jsonrpc":"2.0",\ndata:  "id":1,\ndata: "result":{}}\n\n').events).toEqual([{ kind: 'message', message: { jsonrpc: '2.0', id: 1, result: {} } }]);
});

test('an event id belongs to its event alone', () => {
  expect(parseText(`id: a\ndata: ${data}\n\ndata: ${data}\n\n`).events).toEqual([
    { kind: 'message', message, eventId: 'a' },
    { kind: 'message', message },
  ]);
});

test('events without data and retry times are checkpoints', () => {
  expect(parseText('id: x\nretry: 3000\ndata:\n\nretry: soon\n\nretry: 20\n\n').events).toEqual([
    { kind: 'checkpoint', eventId: 'x', retryMs: 3_000 },
    { kind: 'checkpoint', retryMs: 20 },
  ]);
});

test('events of another type are no MCP', () => {
  expect(parseText('event: ping\ndata: {}\n\nevent: endpoint\nid: 4\ndata: /messages\n\n').events).toEqual([{ kind: 'checkpoint', eventId: '4' }]);
});

test('a batch is its messages', () => {
  expect(parseText(`id: 1\ndata: [${data},${data}]\n\n`).events).toEqual([
    { kind: 'message', message, eventId: '1' },
    { kind: 'message', message, eventId: '1' },
  ]);
});

test('what is not JSON-RPC ends the stream', () => {
  expect(parseText(`data: hello\n\ndata: ${data}\n\n`)).toEqual({ events: [], failures: ['garbage'] });
});

test('an event that the stream does not finish is none', () => {
  expect(parseText(`data: ${data}\n`).events).toEqual([]);
});

test('a message of just the limit is accepted, one byte more is not', () => {
  const bytes = Buffer.byteLength(data);
  expect(parseText(`data: ${data}\n\n`, bytes).events).toHaveLength(1);
  expect(parseText(`data: ${data}\n\n`, bytes - 1).failures).toEqual(['too_large']);
});

test('it does not matter how the bytes are cut into chunks', () => {
  const endings = fc.constantFrom('\n', '\r\n', '\r');
  const event = fc.record({ text: fc.string({ unit: 'grapheme' }), id: fc.option(fc.stringMatching(/^[a-z0-9]{1,8}$/)), comment: fc.boolean(), end: endings });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 5 }), fc.array(fc.nat(400), { maxLength: 30 }), (events, cuts) => {
      const lines = events.map(({ text, id, comment, end }) => {
        const json = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { text } });
        return `${comment ? `: c${end}` : ''}${id === null ? '' : `id: ${id}${end}`}data: ${json}${end}${end}`;
      });
      // A lone CR is a line end only once the next character is there.
      const bytes = Buffer.from(`${lines.join('')}: end\n`);
      const at = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b);
      const chunks = [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
      expect(parse(chunks)).toEqual(parse([bytes]));
      expect(parse(chunks).events.map((parsed) => (parsed.kind === 'message' && 'params' in parsed.message ? parsed.message.params : undefined))).toEqual(events.map(({ text }) => ({ text })));
    }),
  );
});
