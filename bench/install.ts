/** Programs from npm that a bench needs and the package does not: installed once, at an exact version, under `.bench/`. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './child-process';

/** The root of the repository. */
export const ROOT = join(__dirname, '..');

/**
 * Installs packages into a folder of their own and returns the folder of their `node_modules`. Does nothing when they are
 * there already. No install script is run.
 *
 * @param folder name of the folder under `.bench/`
 * @param versions exact version of each package
 * @throws when npm fails
 */
export async function install(folder: string, versions: Readonly<Record<string, string>>): Promise<string> {
  const home = join(ROOT, '.bench', folder);
  const modules = join(home, 'node_modules');
  if (Object.entries(versions).every(([name, version]) => installedVersion(modules, name) === version)) return modules;

  const names = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  console.error(`Installing ${names.join(' ')} ...`);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), JSON.stringify({ private: true }));
  await run({
    command: 'npm',
    args: ['install', '--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...names],
    cwd: home,
    timeoutMs: 300_000,
  });
  return modules;
}

function installedVersion(modules: string, name: string): string | undefined {
  const manifest = join(modules, name, 'package.json');
  if (!existsSync(manifest)) return undefined;
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
