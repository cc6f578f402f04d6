/** The gateway as its image runs it: the bundle of `dist/container`, a process of its own, with its log in a file. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../install';

export interface ReplicaOptions {
  /** Names its files in `home`. */
  readonly name: string;
  readonly home: string;
  readonly port: number;
  /** All that the container is told. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ReplicaMemory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** Sockets, timers and requests that the process waits for. */
  readonly handles: number;
}

/** One replica, over all its lives. */
export interface Replica {
  readonly port: number;
  /** Lines of its standard output, the audit events among them, of all lives. */
  readonly log: string;
  /** Lines of its standard error. */
  readonly errors: string;
  readonly pid: number;
  start(): void;
  /** Resolves when `/readyz` answers 200. @throws when the process ends before */
  ready(): Promise<void>;
  /** SIGTERM, and waits for the end. Answers the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
  /** Moves its clock, milliseconds against the real one. */
  setClock(offsetMs: number): void;
  memory(): Promise<ReplicaMemory>;
  /** No byte more fits into its log, as on a full disk, or again any number. */
  setDiskFull(full: boolean): void;
}

export const CONTAINER = join(ROOT, 'dist', 'container', 'index.js');
const children = new Set<ChildProcess>();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** @throws Error where the bundle is not built */
export function createReplica({ name, home, port, environment }: ReplicaOptions): Replica {
  if (!existsSync(CONTAINER)) throw new Error(`${CONTAINER} does not exist: run "npm run build" first.`);
  mkdirSync(home, { recursive: true });
  const log = join(home, `${name}.jsonl`);
  const errors = join(home, `${name}.errors`);
  let child: ChildProcess | undefined;

  function current(): ChildProcess {
    if (child === undefined) throw new Error(`${name} was not started`);
    return child;
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const ending = current();
    if (ending.exitCode === null && ending.signalCode === null) {
      const ended = once(ending, 'exit');
      ending.kill(signal);
      await ended;
    }
    return ending.exitCode;
  }

  return {
    port,
    log,
    errors,
    get pid() {
      return current().pid ?? 0;
    },
    start() {
      const [out, err] = [openSync(log, 'a'), openSync(errors, 'a')];
      const started = spawn(process.execPath, ['--expose-gc', '--require', join(__dirname, 'instrument.cjs'), '--disable-proto=delete', CONTAINER], {
        env: { PATH: process.env.PATH, NODE_ENV: 'production', NODE_NO_WARNINGS: '1', MCP_PORT: String(port), ...environment },
        stdio: ['ignore', out, err, 'ipc'],
      });
      closeSync(out);
      closeSync(err);
      children.add(started);
      started.once('exit', () => children.delete(started));
      child = started;
    },
    async ready() {
      for (;;) {
        if (current().exitCode !== null) throw new Error(`${name} ended with ${current().exitCode} before it was ready: see ${errors}`);
        const status = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).then((answer) => answer.status, () => 0);
        if (status === 200) return;
        await pause(50);
      }
    },
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    setClock: (clockMs) => void current().send({ clockMs }),
    async memory() {
      const answered = once(current(), 'message') as Promise<[ReplicaMemory]>;
      current().send({ memory: true });
      return (await answered)[0];
    },
    setDiskFull(full) {
      execFileSync('prlimit', ['--pid', String(current().pid), `--fsize=${full ? statSync(log).size : 'unlimited'}:`]);
    },
  };
}
