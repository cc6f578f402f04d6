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
    expect(lines.slice(0, 2)).toEqual([expect.stringMatching(/^ARG BASE=.*distroless.*:nonroot$/), 'FROM ${BASE}']);
    expect(lines).toContain('USER 65532:65532');
    expect(lines.filter((line) => line.startsWith('COPY'))).toEqual(['COPY --chown=0:0 --chmod=0555 dist/container/ ./']);
    expect(lines.filter((line) => line.startsWith('RUN'))).toEqual([]);
  });

  test('SC-3 holds the bill of materials of its bundle: each package with the version and the hash of the lock file', () => {
    const bill = JSON.parse(readFileSync(join(ROOT, 'dist', 'container', 'sbom.cdx.json'), 'utf8'));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/) });
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
    for (const { group, name, version, hashes } of bill.components) {
      const full = group === undefined ? name : `${group}/${name}`;
      const locked = Object.entries<any>(lock).filter(([path, entry]) => path.endsWith(`node_modules/${full}`) && entry.version === version);
      expect([full, locked.map(([, { integrity }]) => Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'))]).toEqual([full, expect.arrayContaining([hashes[0].content])]);
    }
    expect(bill.components.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['cedar-wasm', 'client-dynamodb', 'jose', 'pino']));
    // A bill with a time in it would be another one with each build.
    expect(bill.metadata.timestamp).toBeUndefined();
  });

  test('takes nothing of the checkout but the bundle', () => {
    expect(readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n')).toEqual(['*', '!dist/container']);
  });
});
