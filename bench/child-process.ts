/** Programs that a bench starts: each is ready before it is used, and none outlives the bench. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** How to start a program. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * When it is ready: a line of its output that matches, or a TCP port of 127.0.0.1 that answers HTTP with anything but 503.
   * @default - when it has ended with one of `exitCodes`
   */
  readonly ready?: { readonly line: RegExp } | { readonly port: number };
  /**
   * Throws its standard output away, for a program that writes so much that reading it would take part in the bench.
   * @default false
   */
  readonly silent?: boolean;
  /** @default [0] */
  readonly exitCodes?: readonly number[];
  /** Milliseconds until it must be ready. @default 30000 */
  readonly timeoutMs?: number;
}

/** A started program. */
export interface Running {
  readonly pid: number;
  /** The line that said it was ready; empty where a port did. */
  readonly line: string;
  /** Ends it and everything it started. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

process.once('exit', () => running.forEach(kill));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    running.forEach(kill);
    process.exit(130);
  });
}

/**
 * Starts a program and waits until it is ready.
 *
 * @throws when it ends or its time is over before that, with the end of its output
 */
export async function start(program: Program): Promise<Running> {
  const child = spawn(program.command, program.args, {
    cwd: program.cwd,
    env: { ...process.env, ...program.env },
    stdio: ['ignore', program.silent ? 'ignore' : 'pipe', 'pipe'],
    detached: true, // its own process group, so that what it starts ends with it
  });
  running.add(child);
  const output: string[] = [];
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? 'unknown');
    });
    child.once('error', (error) => resolve(error.message));
  });
  const settled = new AbortController();
  const { ready, exitCodes = [0], timeoutMs = 30_000 } = program;

  const line = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (text) => {
        output.push(text);
        if (output.length > 50) output.shift();
        if (ready && 'line' in ready && ready.line.test(text)) resolve(text);
      });
    }
  });
  const isReady =
    ready === undefined
      ? ended.then((code) => (exitCodes.some((expected) => expected === code) ? '' : fail(`ended with ${code}`)))
      : 'line' in ready
        ? line
        : accepts(ready.port, settled.signal).then(() => '');
  const tooEarly = ready === undefined ? [] : [ended.then((code) => fail(`ended with ${code} before it was ready`))];
  const tooLate = sleep(timeoutMs, undefined, { signal: settled.signal }).then(
    () => fail(`was not ready within ${timeoutMs / 1000} s`),
    () => '', // another promise was first
  );

  function fail(what: string): never {
    throw new Error(`${program.command} ${program.args.join(' ')} ${what}\n${output.slice(-20).join('\n')}`);
  }
  let stopped = false;
  async function stop(): Promise<void> {
    stopped = true;
    if (!running.has(child)) return;
    signalGroup(child, 'SIGTERM');
    const hard = setTimeout(() => kill(child), 3_000);
    await ended;
    clearTimeout(hard);
  }

  try {
    const readyLine = await Promise.race([isReady, ...tooEarly, tooLate]);
    if (ready !== undefined) {
      void ended.then((code) => {
        if (!stopped) console.error(`${program.command} ${program.args.join(' ')} ended with ${code} while in use\n${output.join('\n')}`);
      });
    }
    return { pid: child.pid ?? 0, line: readyLine, stop };
  } catch (error) {
    kill(child);
    throw error;
  } finally {
    settled.abort();
  }
}

/** Runs a program to its end. @throws when its exit code is none of `exitCodes` or its time is over */
export async function run(program: Omit<Program, 'ready'>): Promise<void> {
  await start(program);
}

/** A TCP port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no TCP port.');
  return address.port;
}

/** Resolves when something answers HTTP on the port, whatever it answers except that it is not available yet. */
async function accepts(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answered = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) }).then(
      async (response) => {
        await response.body?.cancel();
        return response.status !== 503;
      },
      () => false,
    );
    if (answered) return;
    await sleep(50);
  }
}

function kill(child: ChildProcess): void {
  signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
}
