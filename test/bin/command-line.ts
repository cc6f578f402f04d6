import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '..', '..', 'dist', 'bin', 'mcp-zero-trust.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line as a user runs it. */
export class CommandLine {
  private stdout = '';
  private stderr = '';
  private readonly process: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}) {
    this.process = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.process.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** What it has written, once that matches. */
  async written(pattern: RegExp, to: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
    const early = this.ended.then(({ code, stderr }) => {
      throw new Error(`ended with ${code} before it wrote ${pattern}: ${stderr}`);
    });
    early.catch(() => undefined);
    while (!pattern.test(this[to])) {
      await Promise.race([early, new Promise((resolve) => this.process[to]!.once('data', resolve))]);
    }
    return this[to];
  }

  /** As `head` does when it has seen enough. */
  stopReading(from: 'stdout' | 'stderr'): this {
    this.process[from]!.destroy();
    return this;
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }
}

export function run(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}): Promise<Ended> {
  return new CommandLine(args, options).ended;
}

/** Whether this system tells about processes in /proc. */
export const canSeeProcesses = existsSync('/proc/self/stat');

/** All that runs below `pid`, whatever process group it is in. */
export function descendantsOf(pid: number): number[] {
  const children = processIds().filter((candidate) => parentOf(candidate) === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Processes whose environment has this text. */
export function processesWith(text: string): number[] {
  return processIds().filter((pid) => read(`/proc/${pid}/environ`).includes(text));
}

/** Those of `pids` that do not end within a second: what only waits for the command line to be gone may take a moment. */
export async function stillAlive(pids: readonly number[]): Promise<number[]> {
  for (const end = Date.now() + 1_000; Date.now() < end && pids.some(isAlive); ) await new Promise((resolve) => setTimeout(resolve, 20));
  return pids.filter(isAlive);
}

function isAlive(pid: number): boolean {
  const state = / ([A-Z]) /.exec(read(`/proc/${pid}/stat`).replace(/^.*\)/, ''))?.[1];
  return state !== undefined && state !== 'Z';
}

function processIds(): number[] {
  return canSeeProcesses ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number) : [];
}

function parentOf(pid: number): number | undefined {
  return Number(/\) \S (\d+) /.exec(read(`/proc/${pid}/stat`))?.[1]);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
