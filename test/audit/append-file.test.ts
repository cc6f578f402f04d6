import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAppendFile } from '../../lambda/audit';

const folder = mkdtempSync(join(tmpdir(), 'mzt-append-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file that is appended to', () => {
  it('LOG-1 has each line before write returns, after what it held already', () => {
    const file = join(folder, 'audit.jsonl');
    writeFileSync(file, 'old\n');
    const stream = openAppendFile(file);
    stream.write('one\n');
    expect(readFileSync(file, 'utf8')).toBe('old\none\n');
    stream.write('zwei €\n');
    expect(readFileSync(file, 'utf8')).toBe('old\none\nzwei €\n');
    stream.destroy();
  });

  it('is for its owner alone', () => {
    const file = join(folder, 'new.jsonl');
    openAppendFile(file).destroy();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('fails at once where it cannot be opened', () => {
    expect(() => openAppendFile(join(folder, 'missing', 'audit.jsonl'))).toThrow('ENOENT');
  });

  it('tells by an error that a line was not kept', async () => {
    const stream = openAppendFile('/dev/full');
    const failed = new Promise((resolve) => stream.on('error', resolve));
    stream.write('lost\n');
    expect(await failed).toMatchObject({ code: 'ENOSPC' });
  });
});
