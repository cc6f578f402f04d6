import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import fc from 'fast-check';
import { createCheckpointFolder, openChainedFile, verifyChainedFiles, type ChainReport } from '../../../lambda/audit';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mzt-chain-'));
  file = join(folder, 'audit.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const memory = () => createCheckpointFolder(join(folder, 'kept-apart'));
const open = (checkpointMs?: number) => openChainedFile({ file, key: privateKey, memory: memory(), checkpointMs });
const event = (name: string) => `${JSON.stringify({ time: '2026-11-22T12:00:00.000Z', decision: 'allow', target: name })}\n`;

async function close(stream: ReturnType<typeof open>): Promise<void> {
  stream.end();
  await once(stream, 'close');
}

/** What a crash leaves: no last checkpoint. */
async function crash(stream: ReturnType<typeof open>): Promise<void> {
  stream.destroy();
  await once(stream, 'close');
}

async function writeFileOf(...names: readonly string[]): Promise<string[]> {
  const stream = open();
  for (const name of names) stream.write(event(name));
  await close(stream);
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

function verify(lines?: readonly string[]): ChainReport {
  if (lines !== undefined) writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return verifyChainedFiles([file], { keys: [publicKey], remembered: memory().load() })[0]!;
}

const found = (report: ChainReport) => report.problems.map(({ kind, line }) => `${kind} ${line}`);

describe('the audit file as evidence (LOG-4)', () => {
  it('LOG-4 is in order as it was written, by one writer after the other and by several at once', async () => {
    await writeFileOf('one', 'two');
    const [first, second] = [open(), open()];
    for (const name of ['a', 'b', 'c']) {
      first.write(event(name));
      second.write(event(name.toUpperCase()));
    }
    await close(second);
    first.write(event('last'));
    await close(first);
    expect(verify()).toMatchObject({ problems: [], notes: [], entries: 9, checkpoints: 6 });
    expect(verify().writers).toHaveLength(3);
  });

  it('LOG-4 keeps each event as it was, behind its link', async () => {
    const [, line] = await writeFileOf('one');
    expect(JSON.parse(line!)).toEqual({ chain: { writer: expect.any(String), seq: 1, prev: expect.any(String) }, ...JSON.parse(event('one')) });
  });

  it('LOG-4 says in which line something was changed, removed, inserted or moved', async () => {
    const lines = await writeFileOf('one', 'two', 'three', 'four');
    expect(found(verify(lines.map((line) => line.replace('two', 'TWO'))))).toEqual(['changed 3']);
    expect(found(verify(lines.filter((_, index) => index !== 2)))).toEqual(['removed 3']);
    expect(found(verify(lines.toSpliced(2, 0, lines[3]!)))).toEqual(['reordered 4', 'reordered 5']);
    expect(found(verify(lines.toSpliced(2, 0, event('five').trim())))).toContain('inserted 3');
    expect(found(verify([lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)]))).toEqual(['reordered 3']);
    expect(found(verify(lines.slice(1)))).toContain('removed 1');
  });

  it('LOG-4 notices a missing end by what is remembered apart, wherever it was cut', async () => {
    const lines = await writeFileOf('one', 'two', 'three');
    for (let kept = 1; kept < lines.length; kept++) expect(found(verify(lines.slice(0, kept)))).toEqual([`truncated ${kept}`]);
    expect(found(verify([]))).toEqual(['removed 1']);
  });

  it('LOG-4 does not believe a file written anew without the key', async () => {
    await writeFileOf('one');
    const { privateKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    rmSync(file);
    const forged = openChainedFile({ file, key: other, memory: { load: () => [], save: () => undefined } });
    forged.write(event('nothing happened'));
    await close(forged);
    expect(found(verify())).toEqual(['removed 1', 'forged 1', 'forged 3']);
  });

  it('LOG-4 a writer cannot be made up: each begins with a signature', async () => {
    const lines = await writeFileOf('one');
    const made = `{"chain":{"writer":"${'a'.repeat(16)}","seq":0,"prev":"${'0'.repeat(64)}"},"decision":"allow"}`;
    expect(found(verify([...lines, made]))).toEqual(['forged 4']);
  });

  it('LOG-4 the order of lines of different writers is under the signatures too', async () => {
    const [first, second] = [open(), open()];
    first.write(event('before'));
    second.write(event('after'));
    await close(first);
    await close(second);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(found(verify([...lines.slice(0, 2), lines[3]!, lines[2]!, ...lines.slice(4)]))).toEqual(['reordered 5']);
  });

  it('LOG-4 a crash in the middle of a line is told apart from tampering', async () => {
    const lines = await (async () => {
      const stream = open();
      for (const name of ['one', 'two']) stream.write(event(name));
      await crash(stream);
      return readFileSync(file, 'utf8').trim().split('\n');
    })();
    let later = '';
    for (const cut of [1, 10, 40, 120, lines[2]!.length - 3]) {
      writeFileSync(file, `${lines[0]}\n${lines[1]}\n${lines[2]!.slice(0, -cut)}`);
      rmSync(join(folder, 'kept-apart', `${later}.json`), { force: true });
      const torn = verify();
      expect(torn.problems).toEqual([]);
      expect(torn.notes.join()).toContain('line 3');
      await close(open());
      const after = verify();
      expect(after).toMatchObject({ problems: [], entries: 1 });
      later = after.writers[1]!;
    }
  });

  it('LOG-4 a line cut off behind which its writer signed is no crash', async () => {
    const lines = await writeFileOf('one', 'two');
    expect(found(verify([...lines.slice(0, 2), lines[2]!.slice(0, -5), ...lines.slice(3)]))).toContain('changed 3');
    writeFileSync(file, [...lines.slice(0, 2), lines[2]!.slice(0, -5)].join('\n'));
    expect(verify().problems).not.toEqual([]);
  });

  it('LOG-4 signs within the time it was given, without anybody closing', async () => {
    const stream = open(5);
    stream.write(event('one'));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line).kind)).toEqual(['checkpoint', undefined, 'checkpoint']);
    await crash(stream);
    expect(found(verify(readFileSync(file, 'utf8').split('\n').slice(0, 1)))).toEqual(['truncated 1']);
  });

  it('LOG-4 entries that no checkpoint covers yet are named', async () => {
    const stream = open();
    stream.write(event('one'));
    expect(verify()).toMatchObject({ problems: [], notes: [expect.stringContaining('the last 1 entry')] });
    await close(stream);
  });

  it('LOG-4 a file that was renamed goes together with the one after it', async () => {
    await writeFileOf('one');
    renameSync(file, `${file}.1`);
    await writeFileOf('two');
    expect(found(verify())).toEqual(['removed 1']);
    const reports = verifyChainedFiles([`${file}.1`, file], { keys: [publicKey], remembered: memory().load() });
    expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('LOG-4 fails at once where nothing can be kept', () => {
    expect(() => openChainedFile({ file: '/dev/full', key: privateKey, memory: memory() })).toThrow('ENOSPC');
    expect(() => openChainedFile({ file: join(folder, 'missing', 'audit.jsonl'), key: privateKey, memory: memory() })).toThrow('ENOENT');
  });

  it('LOG-4 finds any single edit of a file', async () => {
    const [first, second] = [open(), open()];
    for (const name of ['a', 'b']) {
      first.write(event(name));
      second.write(event(`${name}é`));
    }
    await close(first);
    await close(second);
    const bytes = readFileSync(file);
    const lines = bytes.toString().split('\n').slice(0, -1);
    const remembered = memory().load();
    const at = fc.nat(bytes.length - 1);
    const edit = fc.oneof(
      fc.record({ at, to: fc.nat(255) }).map(({ at: i, to }) => Buffer.concat([bytes.subarray(0, i), Buffer.from([to]), bytes.subarray(i + 1)])),
      fc.record({ at, length: fc.integer({ min: 1, max: 600 }) }).map(({ at: i, length }) => Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + length)])),
      fc.record({ at, what: fc.uint8Array({ minLength: 1, maxLength: 300 }) }).map(({ at: i, what }) => Buffer.concat([bytes.subarray(0, i), what, bytes.subarray(i)])),
      fc.nat(bytes.length - 1).map((length) => bytes.subarray(0, length)),
      fc.shuffledSubarray(lines).map((some) => Buffer.from(some.map((line) => `${line}\n`).join(''))),
      fc.constantFrom(...lines).map((line) => Buffer.concat([bytes, Buffer.from(`${line}\n`)])),
      fc.constantFrom('', '{', '{"chain":{"writer":"', '{}', lines[1]!.slice(0, 60)).map((line) => Buffer.concat([bytes, Buffer.from(`${line}\n`)])),
    );
    fc.assert(
      fc.property(edit, (edited) => {
        fc.pre(!edited.equals(bytes));
        writeFileSync(file, edited);
        const [report] = verifyChainedFiles([file], { keys: [publicKey], remembered });
        return report!.problems.length > 0;
      }),
      { numRuns: 600 },
    );
  });
});
