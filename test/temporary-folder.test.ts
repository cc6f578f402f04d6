import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

test.each([0, 1])('a run of the tests that ends with %i leaves nothing in the temporary folder', (code) => {
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  const run = `
    require(${JSON.stringify(join(__dirname, 'temporary-folder.js'))})();
    new (require('aws-cdk-lib').App)().synth();
    console.log(require('fs').readdirSync(require('os').tmpdir()).join());
    process.exit(${code});`;
  const { stdout, status, stderr } = spawnSync(process.execPath, ['-e', run], { cwd: join(__dirname, '..'), env: { ...process.env, TMPDIR: folder }, encoding: 'utf8' });
  expect({ stdout, status, stderr }).toEqual({ stdout: expect.stringMatching(/^cdk\.out\w+\n$/), status: code, stderr: '' });
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});
