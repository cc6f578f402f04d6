import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { functionCode, packageRoot } from '../../../lib/private/bundle';

/** A package as npm installs it, with the given function bundles. */
function installed(...bundles: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'package-'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'cdk-mcp-zero-trust' }));
  for (const name of bundles) {
    mkdirSync(join(root, 'dist', 'lambda', name), { recursive: true });
    writeFileSync(join(root, 'dist', 'lambda', name, 'index.js'), '');
  }
  return root;
}

test.each(['lib/private', 'dist/js/lib/private'])('the package is found from %s', (folder) => {
  const root = installed();
  mkdirSync(join(root, folder), { recursive: true });
  expect(packageRoot(join(root, folder))).toBe(root);
});

test('the package.json of another package is not taken for ours', () => {
  const root = installed();
  const inner = join(root, 'dist');
  mkdirSync(inner);
  writeFileSync(join(inner, 'package.json'), JSON.stringify({ type: 'commonjs' }));
  expect(packageRoot(inner)).toBe(root);
  expect(() => packageRoot('/')).toThrow('no package.json of cdk-mcp-zero-trust in / or above it');
});

test('a function that was not bundled says how to build it', () => {
  const root = installed('proxy');
  expect(functionCode('proxy', root)).toBeDefined();
  expect(() => functionCode('authorizer', root)).toThrow(/the bundle of the function "authorizer" is missing in .*: run `npm run build` in /);
});

test('an asset is known by the hash that the build wrote of it, or else by what the CDK reads', () => {
  const keyWith = (hashes?: object, content = '') => {
    const root = installed('proxy');
    writeFileSync(join(root, 'dist', 'lambda', 'proxy', 'index.js'), content);
    if (hashes) writeFileSync(join(root, 'dist', 'lambda', 'hashes.json'), JSON.stringify(hashes));
    return functionCode('proxy', root).bind(new Stack(new App(), 'Stack')).s3Location!.objectKey;
  };
  expect(keyWith({ proxy: 'a' })).toBe(keyWith({ proxy: 'a', authorizer: 'b' }));
  expect(keyWith({ proxy: 'a' })).not.toBe(keyWith({ proxy: 'b' }));
  for (const hashes of [undefined, { authorizer: 'a' }]) expect(keyWith(hashes, 'one')).not.toBe(keyWith(hashes, 'other'));
});
