import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { createBatchingSink, createConsoleSink, createJsonLinesSink, createPinoSink, teeSinks } from '../../lambda/audit';
import type { AuditEvent, AuditSink } from '../../lambda/audit';
import { eventWith, openStream, SlowStream } from './events';

/** What a tool, a principal or a policy might be called in order to deceive whoever reads the log. */
const FORGERIES = [
  'x\n12:30:05.250 ALLOW  User bob',
  'x\r\nALLOW',
  '\u001b[2J\u001b[1;1Hgone',
  '\u009b31m',
  'x\u2028ALLOW\u2029',
  'a\u202egnp.exe',
  'zero\u200bwidth',
  '\u0000\u0007\b\u007f',
  'tag\u{e0041}',
  'half\ud800',
  '"},{"decision":"allow"',
];
const PLAIN_LINE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*\n$/u;

/** In all that a caller or a server can choose; the rest is `PlainText` by its type. */
const forgedIn = (text: string): AuditEvent =>
  eventWith({ server: text, method: text, target: text, reason: text, policyIds: [text], principal: { type: text, id: text, issuer: text }, notes: [text] });

describe('JSON lines sink', () => {
  it('LOG-1 keeps one line an event, in order, readable as JSON', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-'));
    try {
      const file = join(folder, 'audit.jsonl');
      const stream = createWriteStream(file, { flags: 'a' });
      const sink = createJsonLinesSink(stream);
      const events = Array.from({ length: 2000 }, (_, i) => eventWith({ requestId: `r-${i}` }));
      for (const event of events) sink.write(event);
      await sink.flush();
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line) as AuditEvent)).toEqual(events);
      await new Promise((resolve) => stream.end(resolve));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(FORGERIES)('LOG-1 cannot be made to write a second line or a control sequence by %j', async (text) => {
    const stream = openStream();
    const sink = createJsonLinesSink(stream);
    sink.write(forgedIn(text));
    await sink.flush();
    expect(stream.text).toMatch(PLAIN_LINE);
    expect((JSON.parse(stream.text) as AuditEvent).target).toBe(text);
  });

  it('is not ready while too much waits, and again when the stream took it', async () => {
    const stream = new SlowStream();
    const sink = createJsonLinesSink(stream, { maxWaitingBytes: 2000 });
    expect(sink.ready?.()).toBe(true);
    for (let i = 0; i < 6; i++) sink.write(eventWith());
    expect(sink.ready?.()).toBe(false);
    stream.release();
    await sink.flush();
    expect(sink.ready?.()).toBe(true);
    expect(stream.text.trimEnd().split('\n')).toHaveLength(6);
  });

  it('bounds its memory, marks the gap in the log and says so', async () => {
    const stream = new SlowStream();
    const sink = createJsonLinesSink(stream, { maxWaitingBytes: 2000 });
    for (let i = 0; i < 100; i++) sink.write(eventWith());
    expect(stream.writableLength).toBeLessThan(5000);
    stream.release();
    await expect(sink.flush()).rejects.toThrow(/events were lost/);
    sink.write(eventWith({ requestId: 'after' }));
    await sink.flush();
    const lines = stream.text.trimEnd().split('\n').map((line) => JSON.parse(line) as { lost?: number; requestId?: string });
    const kept = lines.filter((line) => line.requestId === 'r-1').length;
    expect(lines.slice(-2)).toEqual([{ lost: 100 - kept }, expect.objectContaining({ requestId: 'after' })]);
  });

  it('is not ready after its stream broke, and does not throw', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left')) });
    const sink = createJsonLinesSink(stream);
    sink.write(eventWith());
    await setImmediate();
    expect(sink.ready?.()).toBe(false);
    expect(() => sink.write(eventWith())).not.toThrow();
    await expect(sink.flush()).rejects.toThrow('Audit events could not be written');
  });

  it('survives an event that is not JSON', async () => {
    const stream = openStream();
    const sink = createJsonLinesSink(stream);
    expect(() => sink.write(eventWith({ requestBytes: 1n as unknown as number }))).not.toThrow();
    sink.write(eventWith());
    expect(stream.text).toMatch(/^\{"lost":1\}\n\{/);
  });
});

describe('console sink', () => {
  function lineOf(event: AuditEvent, color = false): string {
    const stream = openStream();
    const sink = createConsoleSink(stream, { color });
    sink.write(event);
    void sink.flush();
    return stream.text;
  }

  it('shows a line soon after its request without being asked', async () => {
    const stream = openStream();
    createConsoleSink(stream).write(eventWith());
    await setImmediate();
    expect(stream.text).toContain('DENY   User alice');
  });

  it('shows time, decision, who, where, what, why, policies, duration and trace on one line', () => {
    expect(lineOf(eventWith())).toBe('12:30:05.250 DENY   User alice  files tools/call write_file  not_permitted  by p1,p2  0.8 ms  trace 4bf92f35\n');
    expect(lineOf(eventWith({ decision: 'allow', reason: undefined, policyIds: [] }))).toBe(
      '12:30:05.250 ALLOW  User alice  files tools/call write_file  0.8 ms  trace 4bf92f35\n',
    );
    expect(lineOf(eventWith({ decision: 'error', principal: undefined, server: undefined, method: undefined, target: undefined, policyIds: [] }))).toBe(
      '12:30:05.250 ERROR  -  - - -  not_permitted  0.8 ms  trace 4bf92f35\n',
    );
  });

  it('colours the decision only, and only where asked', () => {
    expect(lineOf(eventWith(), true)).toContain('\u001b[31mDENY \u001b[0m');
    expect(lineOf(eventWith({ decision: 'allow' }), true)).toContain('\u001b[32mALLOW\u001b[0m');
    expect(lineOf(eventWith())).not.toContain('\u001b');
  });

  it.each(FORGERIES)('LOG-1 cannot be made to show a second line or a control sequence by %j', (text) => {
    expect(lineOf(forgedIn(text))).toMatch(PLAIN_LINE);
  });

  it('LOG-1 whatever a tool is called, the line stays one line with the same columns', () => {
    const columns = (line: string) => line.replace(/"(?:[^"\\]|\\.)*"/g, 'Q').split('  ').length;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = lineOf(forgedIn(text));
        expect(line).toMatch(PLAIN_LINE);
        expect(columns(line)).toBe(columns(lineOf(forgedIn('plain'))));
      }),
    );
  });

  it('shortens what is too long to read', () => {
    expect(lineOf(eventWith({ target: 'x'.repeat(10_000) })).length).toBeLessThan(300);
  });
});

describe('pino sink', () => {
  function lineOf(event: AuditEvent): string {
    let text = '';
    createPinoSink({ destination: { write: (line) => void (text += line) } }).write(event);
    return text;
  }

  it('writes the whole event with its kind and a level that metric filters can count', () => {
    const event = eventWith({ argumentsDigest: 'ab', notes: ['tool_dropped:x'] });
    expect(JSON.parse(lineOf(event))).toEqual({ level: 'warn', kind: 'audit', ...event });
    expect(JSON.parse(lineOf(eventWith({ decision: 'allow' })))).toMatchObject({ level: 'info' });
    expect(JSON.parse(lineOf(eventWith({ decision: 'error' })))).toMatchObject({ level: 'error' });
  });

  it.each(FORGERIES)('LOG-1 cannot be made to write a second line or a control sequence by %j', (text) => {
    expect(lineOf(forgedIn(text))).toMatch(PLAIN_LINE);
    expect((JSON.parse(lineOf(forgedIn(text))) as AuditEvent).target).toBe(text);
  });
});

describe('several sinks', () => {
  const failing: AuditSink = {
    write: () => {
      throw new Error('broken');
    },
    flush: () => Promise.reject(new Error('broken')),
    ready: () => false,
  };

  it('each get every event, also when one of them fails', async () => {
    const [a, b] = [openStream(), openStream()];
    const sink = teeSinks(createJsonLinesSink(a), failing, createConsoleSink(b));
    sink.write(eventWith());
    await expect(sink.flush()).rejects.toThrow('Not all audit sinks kept their events');
    expect(a.text).toContain('"requestId":"r-1"');
    expect(b.text).toContain('DENY');
  });

  it('are ready when all of them are', () => {
    expect(teeSinks(createJsonLinesSink(openStream()), createConsoleSink(openStream())).ready?.()).toBe(true);
    expect(teeSinks(createJsonLinesSink(openStream()), failing).ready?.()).toBe(false);
  });
});

describe('events of requests that end together', () => {
  const seen: string[] = [];
  const watcher = (name: string): AuditSink => ({ write: ({ requestId }) => void seen.push(`${name} ${requestId}`), flush: async () => {} });
  beforeEach(() => seen.splice(0));

  it('LOG-1 are recorded when the wait for it is over, and seen by everybody else afterwards, each in order', async () => {
    const sink = createBatchingSink({ recorder: watcher('file'), observers: [watcher('metrics'), watcher('page')] });
    sink.write(eventWith({ requestId: 'a' }));
    sink.write(eventWith({ requestId: 'b' }));
    expect(seen).toEqual([]);
    await sink.recorded?.(false);
    expect(seen).toEqual(['file a', 'file b']);
    sink.write(eventWith({ requestId: 'c' }));
    expect(sink.recorded?.(true)).toBeUndefined();
    expect(seen).toEqual(['file a', 'file b', 'file c']);
    await setImmediate();
    expect(seen.slice(3)).toEqual(['metrics a', 'metrics b', 'metrics c', 'page a', 'page b', 'page c']);
  });

  it('are all handed on by a flush, once', async () => {
    const sink = createBatchingSink({ recorder: watcher('file'), observers: [watcher('page')] });
    sink.write(eventWith({ requestId: 'a' }));
    await sink.flush();
    expect(seen).toEqual(['file a', 'page a']);
    await setImmediate();
    expect(seen).toHaveLength(2);
  });

  it('keep no answer waiting where nothing records them', async () => {
    const sink = createBatchingSink({ observers: [watcher('page')] });
    sink.write(eventWith({ requestId: 'a' }));
    expect(sink.recorded?.(false)).toBeUndefined();
    await setImmediate();
    expect(seen).toEqual(['page a']);
  });

  it('reach the others where one fails, and a recorder that is not ready is said so', async () => {
    const failing: AuditSink = {
      write: () => {
        throw new Error('broken');
      },
      flush: () => Promise.reject(new Error('broken')),
      ready: () => false,
    };
    const sink = createBatchingSink({ recorder: failing, observers: [failing, watcher('page')] });
    expect(sink.ready?.()).toBe(false);
    sink.write(eventWith({ requestId: 'a' }));
    await expect(sink.flush()).rejects.toThrow('Not all audit sinks kept their events');
    expect(seen).toEqual(['page a']);
  });
});
