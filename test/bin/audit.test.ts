import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuditFile } from '../../lambda/local';
import { run } from './command-line';

describe('mcp-zero-trust audit', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mzt-audit-'));
    file = join(folder, 'audit.jsonl');
    const stream = openAuditFile({ file, keyFile: `${file}.key` });
    for (const target of ['one', 'two', 'three']) stream.write(`${JSON.stringify({ time: '2026-11-22T12:00:00.000Z', target })}\n`);
    stream.end();
    await once(stream, 'close');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('LOG-4 verify says that the file is as it was written', async () => {
    const { code, stdout } = await run(['audit', 'verify', file]);
    expect(stdout).toContain('3 entries of 1 writer, 2 signed checkpoints, as they were written');
    expect(code).toBe(0);
  });

  test('LOG-4 verify says where something was changed, and ends with 1', async () => {
    writeFileSync(file, readFileSync(file, 'utf8').replace('two', 'TWO'));
    writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ mcpServers: { tiny: { command: 'node', env: { KEY: '${NOT_SET_HERE}' } } }, audit: 'audit.jsonl' }));
    const { code, stdout } = await run(['audit', 'verify', '-c', join(folder, 'mcp.json')]);
    expect(stdout).toContain(`${file}:3: changed: this line was changed`);
    expect(code).toBe(1);
  });

  test('LOG-2 export writes events in OCSF, and no checkpoints', async () => {
    const { code, stdout } = await run(['audit', 'export', file]);
    expect([code, stdout]).toEqual([0, '']);
    writeFileSync(file, `${JSON.stringify({ time: '2026-11-22T12:00:00.000Z', kind: 'tool', subject: 'a/b', action: 'approve', by: 'me', why: 'read it' })}\nbroken\n`);
    const exported = await run(['audit', 'export', file, '--format', 'ocsf']);
    expect(JSON.parse(exported.stdout)).toMatchObject({ class_uid: 3003, message: 'read it' });
    expect(exported.stderr).toContain('1 line is no JSON');
    writeFileSync(file, '{"mcpServers": {}}\n');
    expect(await run(['audit', 'export', file])).toMatchObject({ code: 0, stdout: '', stderr: `${file}: holds no event\n` });
  });

  test('a file or a key that is not there ends with 2', async () => {
    for (const command of ['verify', 'export']) expect(await run(['audit', command, join(folder, 'none')])).toMatchObject({ code: 2, stdout: '', stderr: `${join(folder, 'none')}: there is no such file\n` });
    expect(await run(['audit', 'export', folder])).toMatchObject({ code: 2, stderr: `${folder}: this is a folder, expected a file\n` });
    expect(await run(['audit', 'verify', file, '--key', join(folder, 'none')])).toMatchObject({ code: 2, stderr: `the key ${join(folder, 'none')}: there is no such file\n` });
    expect((await run(['audit', 'verify'])).code).toBe(2);
  });
});
