import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

test('the bundle of the image starts by itself, from its own folder alone, and says in one line what it lacks', async () => {
  const container = spawn(process.execPath, [join(ROOT, 'dist', 'container', 'index.js')], { cwd: mkdtempSync(join(tmpdir(), 'container-')), env: { NODE_NO_WARNINGS: '1' } });
  const output: string[] = [];
  container.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const code = await new Promise((resolve) => container.once('close', resolve));
  expect(code).toBe(1);
  expect(JSON.parse(output.join(''))).toEqual({ level: 'error', message: 'the environment variable MCP_DECISION_MODE is missing' });
});

describe('the image', () => {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split('\n').filter((line) => !line.startsWith('#'));

  test('CON-1 PUB-3 has no shell, no root, and nothing that its user could write', () => {
    expect(lines[0]).toMatch(/^FROM .*distroless.*:nonroot/);
    expect(lines).toContain('USER 65532:65532');
    expect(lines.filter((line) => line.startsWith('COPY'))).toEqual(['COPY --chown=0:0 --chmod=0555 dist/container/ ./']);
    expect(lines.filter((line) => line.startsWith('RUN'))).toEqual([]);
  });

  test('takes nothing of the checkout but the bundle', () => {
    expect(readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n')).toEqual(['*', '!dist/container']);
  });
});
