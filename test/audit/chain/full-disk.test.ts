import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createJsonLinesSink, openChainedFile, verifyChainedFiles, type AuditEvent, type RememberedCheckpoint } from '../../../lambda/audit';
import { eventWith } from '../events';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'full-disk-'));
  file = join(folder, 'audit.jsonl');
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** A chained file on a disk with room for so many bytes. */
function open(room = Infinity) {
  const disk = { room };
  const remembered = new Map<string, RememberedCheckpoint>();
  const stream = openChainedFile({
    file,
    key: privateKey,
    memory: { load: () => [...remembered.values()], save: (checkpoint) => void remembered.set(checkpoint.writer, checkpoint) },
    write(descriptor, bytes) {
      if (disk.room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const size = writeSync(descriptor, bytes.subarray(0, Math.min(bytes.length, disk.room)));
      disk.room -= size;
      return size;
    },
  });
  const sink = createJsonLinesSink(stream, { maxWaitingBytes: 0, maxKeptBytes: 1_000_000 });
  const report = () => verifyChainedFiles([file], { keys: [publicKey], remembered: [...remembered.values()] })[0]!;
  const whole = () => readFileSync(file, 'utf8').split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as AuditEvent & { kind?: string }];
    } catch {
      return [];
    }
  }).filter(({ kind }) => kind === undefined).map(({ requestId }) => requestId);
  return { disk, stream, sink, report, whole };
}

test('LOG-1 LOG-4 what a full disk does not take is written when there is room, once and in order, and the file verifies', async () => {
  const { disk, stream, sink, report, whole } = open();
  sink.write(eventWith({ requestId: 'before' }));
  expect(sink.ready?.()).toBe(true);
  disk.room = 300;
  sink.write(eventWith({ requestId: 'torn', decision: 'allow' }));
  sink.write(eventWith({ requestId: 'after', decision: 'allow' }));
  expect(sink.ready?.()).toBe(false);
  jest.advanceTimersByTime(1_000);
  expect([sink.ready?.(), whole()]).toEqual([false, ['before']]);
  disk.room = Infinity;
  jest.advanceTimersByTime(1_000);
  jest.useRealTimers();
  await sink.flush();
  expect([sink.ready?.(), whole()]).toEqual([true, ['before', 'torn', 'after']]);
  await new Promise((resolve) => stream.once('close', resolve).end());
  expect(report().problems).toEqual([]);
  expect([report().notes, report().writers.length]).toEqual([[], 1]);
});

test('LOG-4 where another process wrote after a line that was cut off, the rest is written by a new writer', async () => {
  const { disk, stream, sink, report, whole } = open();
  disk.room = 300;
  sink.write(eventWith({ requestId: 'torn', decision: 'allow' }));
  const other = open();
  other.sink.write(eventWith({ requestId: 'other' }));
  disk.room = Infinity;
  jest.advanceTimersByTime(1_000);
  jest.useRealTimers();
  await sink.flush();
  for (const each of [stream, other.stream]) await new Promise((resolve) => each.once('close', resolve).end());
  expect(whole()).toEqual(['other', 'torn']);
  expect([report().problems, report().writers.length]).toEqual([[], 3]);
  expect(report().notes).toEqual([expect.stringContaining('ended in the middle of this entry')]);
});

test('LOG-1 the disk may become full at any byte, also within a checkpoint', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 2_500 }), { minLength: 1, maxLength: 6 }), async (rooms) => {
      rmSync(file, { force: true });
      jest.useFakeTimers();
      const { disk, stream, sink, report, whole } = open();
      const ids: string[] = [];
      for (const [index, room] of rooms.entries()) {
        disk.room = room;
        for (const part of ['a', 'b']) sink.write(eventWith({ requestId: ids[ids.push(`${index}${part}`) - 1], decision: 'allow' }));
        const together = ['c', 'd', 'é'].map((part) => `${index}${part}`);
        ids.push(...together);
        sink.writeAll?.(together.map((requestId) => eventWith({ requestId, decision: 'allow' })));
        jest.advanceTimersByTime(1_300);
      }
      disk.room = Infinity;
      jest.advanceTimersByTime(2_600);
      jest.useRealTimers();
      await sink.flush();
      await new Promise((resolve) => stream.once('close', resolve).end());
      expect(whole()).toEqual(ids);
      expect(report().problems).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('a stop does not wait for a disk that stays full: what is missing is said', async () => {
  const { disk, stream } = open();
  const sink = createJsonLinesSink(stream, { maxWaitingBytes: 0, maxKeptBytes: 1_000_000, flushMs: 20 });
  disk.room = 0;
  sink.write(eventWith({ decision: 'allow' }));
  jest.useRealTimers();
  await expect(sink.flush()).rejects.toThrow('still wait');
  await new Promise((resolve) => stream.once('close', resolve).destroy());
});
