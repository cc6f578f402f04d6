import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How many worlds this process has built: each has a prefix of its own. */
let worlds = 0;

/** What the names of one world's namespaces begin with. */
export function nextPrefix(): string {
  return `mzt${process.pid}-${worlds++}`;
}

/** Runs commands of `ip`, all in one process. */
export function ip(flags: readonly string[], commands: readonly string[]): void {
  execFileSync('ip', [...flags, '-batch', '-'], { input: `${commands.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}

/**
 * Runs a script inside of a namespace.
 *
 * @throws Error with the first of what it said
 */
export function runIn(name: string, script: readonly string[], folder: string): void {
  const file = join(folder, 'script');
  writeFileSync(file, `set -e\n${script.join('\n')}\n`);
  try {
    execFileSync('ip', ['netns', 'exec', name, 'sh', file], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 });
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    throw new Error(`${name} cannot be set up: ${said.split('\n').slice(0, 3).join(' ')}`);
  }
}
