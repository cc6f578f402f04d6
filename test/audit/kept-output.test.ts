import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeptOutput } from '../../lambda/audit/kept-output';
import { createPinoSink } from '../../lambda/audit';
import { eventWith } from './events';

/** A disk with room for so many bytes. */
function disk(room: number) {
  const taken: Buffer[] = [];
  const state = { room, error: 'ENOSPC' };
  const write = (bytes: Uint8Array) => {
    const size = Math.min(bytes.length, state.room);
    if (size === 0) throw Object.assign(new Error(state.error), { code: state.error });
    state.room -= size;
    taken.push(Buffer.from(bytes.subarray(0, size)));
    return size;
  };
  return { write, state, text: () => Buffer.concat(taken).toString() };
}

describe('a log that is not taken', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('LOG-1 keeps what a full disk does not take, and writes it once there is room: nothing torn, nothing twice', () => {
    const { write, state, text } = disk(15);
    const output = createKeptOutput({ write });
    output.write('the first\n');
    expect(output.ready()).toBe(true);
    output.write('the second\n');
    output.write('the third\n');
    expect([output.ready(), text()]).toEqual([false, 'the first\nthe s']);
    expect(() => output.flush()).toThrow('could not be written');
    state.room = 3;
    jest.advanceTimersByTime(250);
    expect([output.ready(), text()]).toEqual([false, 'the first\nthe seco']);
    state.room = 1_000;
    jest.advanceTimersByTime(250);
    expect([output.ready(), text()]).toEqual([true, 'the first\nthe second\nthe third\n']);
    expect(() => output.flush()).not.toThrow();
  });

  it('LOG-1 refusals leave room for what was served, and what fits nowhere is counted', () => {
    const { write, state, text } = disk(0);
    const output = createKeptOutput({ write, maxKeptBytes: 8 });
    for (const line of ['r1\n', 'r2\n', 'r3\n']) output.write(line, true);
    output.write('s1\n');
    output.write('s2\n');
    state.room = 1_000;
    jest.advanceTimersByTime(250);
    expect(text()).toBe('r1\ns1\n{"kind":"audit","lost":3}\n');
    expect(() => output.flush()).toThrow('3 lines of the log were lost');
    expect(() => output.flush()).not.toThrow();
  });
});

it('waits for a reader that is only behind', () => {
  const { write, state, text } = disk(2);
  state.error = 'EAGAIN';
  let refused = 0;
  const output = createKeptOutput({
    write(bytes) {
      if (state.room === 0 && (refused += 1) === 3) state.room = 100;
      return write(bytes);
    },
  });
  output.write('line\n');
  expect([output.ready(), refused, text()]).toEqual([true, 3, 'line\n']);
});

it('writes to a real file descriptor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  const descriptor = openSync(join(folder, 'log'), 'a');
  createKeptOutput({ write: (bytes) => writeSync(descriptor, bytes) }).write('ä\n');
  closeSync(descriptor);
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('ä\n');
  rmSync(folder, { recursive: true });
});

it('LOG-1 a sink on such a log is not ready while lines do not get away', () => {
  const { write, state, text } = disk(0);
  const output = createKeptOutput({ write, retryMs: 60_000 });
  const sink = createPinoSink({ destination: output });
  expect(sink.ready?.()).toBe(true);
  sink.write(eventWith({ decision: 'allow', requestId: 'r-7' }));
  expect(sink.ready?.()).toBe(false);
  state.room = 10_000;
  output.flush();
  expect(sink.ready?.()).toBe(true);
  expect(JSON.parse(text())).toMatchObject({ kind: 'audit', requestId: 'r-7' });
});
