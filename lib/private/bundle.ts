import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';

const PACKAGE_NAME = 'cdk-mcp-zero-trust';

/** The folder of this package, whether its source runs or what was compiled into `dist/js`. */
export function packageRoot(from: string = __dirname): string {
  for (let folder = from; dirname(folder) !== folder; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === PACKAGE_NAME) return folder;
  }
  throw new Error(`no package.json of ${PACKAGE_NAME} in ${from} or above it`);
}

/**
 * The bundled code of a deployed function, `dist/lambda/<name>`. It is bundled when the package is built, never while a user
 * synthesizes.
 *
 * @throws when the package was not built.
 */
export function functionCode(name: string, root: string = packageRoot()): Code {
  const folder = join(root, 'dist', 'lambda', name);
  if (!existsSync(join(folder, 'index.js'))) {
    throw new Error(`the bundle of the function ${JSON.stringify(name)} is missing in ${folder}: run \`npm run build\` in ${root}`);
  }
  return Code.fromAsset(folder, { assetHash: hashesOf(dirname(folder))[name] });
}

/** Hashes that the build wrote of each bundle. Where it wrote none, the CDK reads the bundles. */
function hashesOf(folder: string): Readonly<Record<string, string | undefined>> {
  const file = join(folder, 'hashes.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
