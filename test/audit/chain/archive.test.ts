import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { createArchiveVerifier, openChainedLog, type ArchiveReport } from '../../../lambda/audit';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const authority = { sign: (bytes: Uint8Array) => Promise.resolve(sign('sha256', bytes, privateKey)) };
const event = (name: string) => JSON.stringify({ kind: 'audit', time: '2026-11-22T12:00:00.000Z', decision: 'allow', target: name });

/** Lines of a writer that signs after each of the given bursts. */
async function linesOf(...bursts: readonly (readonly string[])[]): Promise<string[]> {
  const lines: string[] = [];
  const log = await openChainedLog({ write: (line) => lines.push(line), authority });
  for (const names of bursts) {
    for (const name of names) log.append(`${event(name)}\n`);
    log.checkpoint();
  }
  return lines;
}

function verify(lines: readonly string[], keys = [publicKey]): ArchiveReport {
  const verifier = createArchiveVerifier({ keys });
  lines.forEach((text, index) => verifier.line({ file: 'a.gz', line: index + 1, text }));
  return verifier.finish();
}

const found = (report: ArchiveReport) => report.problems.map(({ kind, line }) => `${kind} ${line}`);

describe('audit lines that were delivered in files (LOG-4)', () => {
  it('LOG-4 are in order as they were written, by any number of writers', async () => {
    const report = verify([...(await linesOf(['a', 'b'], ['c'])), ...(await linesOf(['d']))]);
    expect(report).toEqual({ entries: 4, writers: 2, checkpoints: 5, repeated: 0, problems: [], notes: [] });
  });

  it('LOG-4 are in order in whatever order they come, and however often', async () => {
    const lines = [...(await linesOf(['a', 'b'], ['c'])), ...(await linesOf(['d'], ['e']))];
    fc.assert(fc.property(fc.shuffledSubarray([...lines, ...lines], { minLength: lines.length * 2 }), (shuffled) => {
      expect(verify(shuffled)).toMatchObject({ problems: [], notes: [], repeated: lines.length });
    }), { numRuns: 25 });
  });

  it('LOG-4 keep each event as it was, behind its link', async () => {
    const [, line] = await linesOf(['a']);
    expect(JSON.parse(line!)).toEqual({ chain: { writer: expect.any(String), seq: 1, prev: expect.any(String) }, ...JSON.parse(event('a')) });
  });

  it('LOG-4 say which line was changed, removed or inserted', async () => {
    const lines = await linesOf(['one', 'two', 'three'], ['four']);
    expect(found(verify(lines.map((line) => line.replace('two', 'TWO'))))).toEqual(['changed 3']);
    expect(found(verify(lines.toSpliced(2, 1)))).toEqual(['removed 3']);
    expect(found(verify(lines.toSpliced(0, 1)))).toEqual(['removed 1']);
    expect(found(verify(lines.toSpliced(2, 0, event('five'))))).toEqual(['inserted 3']);
    expect(found(verify([...lines, lines[2]!.replace('two', 'TWO')]))).toEqual(['inserted 8']);
    expect(found(verify(lines.toSpliced(4, 1)))).toEqual(['removed 5']);
  });

  it('LOG-4 cannot be chained anew without the key of their writer', async () => {
    const lines = await linesOf(['one'], ['two']);
    const forged = lines.map((line, index) => (index === 4 ? line.replace('"final":false', '"final":true') : line));
    expect(found(verify(forged))).toEqual(['forged 5']);
  });

  it('LOG-4 cannot be of a writer that the authority has not certified', async () => {
    const { publicKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(found(verify(await linesOf(['one'])))).toEqual([]);
    expect(found(verify(await linesOf(['one']), [other]))).toEqual(['forged 1']);
    const made = `{"chain":{"writer":"${'a'.repeat(16)}","seq":0,"prev":"${'0'.repeat(64)}"},"decision":"allow"}`;
    expect(found(verify([...(await linesOf(['one'])), made]))).toEqual(['forged 4']);
  });

  it('LOG-4 every single removed or changed character is found', async () => {
    const lines = await linesOf(['one', 'two'], ['three']);
    fc.assert(fc.property(fc.nat(lines.length - 1), fc.nat(1_000), (index, position) => {
      const line = lines[index]!;
      const at = position % line.length;
      const changed = line.slice(0, at) + (line[at] === '0' ? '1' : '0') + line.slice(at + 1);
      const { problems, notes } = verify(lines.with(index, changed));
      // What makes another line of the last checkpoint leaves entries that nobody has signed.
      expect(problems.length + notes.length).toBeGreaterThan(0);
    }), { numRuns: 100 });
  });

  it('LOG-4 entries after the newest checkpoint are told of, and nothing comes after the end', async () => {
    const lines: string[] = [];
    const log = await openChainedLog({ write: (line) => lines.push(line), authority });
    log.append(event('one'));
    expect(verify(lines).notes).toEqual([expect.stringMatching(/^the last 1 entry of writer [0-9a-f]{16} is not under a checkpoint/)]);
    log.close();
    expect(verify(lines)).toMatchObject({ problems: [], notes: [] });
    expect(() => log.append(event('two'))).toThrow('closed');
  });

  it('LOG-4 in a process with timers, entries are signed by themselves', async () => {
    jest.useFakeTimers();
    try {
      const lines: string[] = [];
      const log = await openChainedLog({ write: (line) => lines.push(line), authority, checkpointMs: 1_000 });
      log.append(event('one'));
      log.append(event('two'));
      jest.advanceTimersByTime(1_000);
      expect(verify(lines)).toMatchObject({ entries: 2, checkpoints: 2, notes: [] });
    } finally {
      jest.useRealTimers();
    }
  });

  it('LOG-4 are not begun where the authority does not sign', async () => {
    await expect(openChainedLog({ write: () => undefined, authority: { sign: () => Promise.reject(new Error('denied')) } })).rejects.toThrow('denied');
  });
});
