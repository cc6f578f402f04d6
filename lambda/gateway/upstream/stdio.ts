import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { JsonRpcMessage } from '../../protocol';
import { codeOf } from './connect-error';
import { childEnvironment } from './environment';
import type { ServerChannel } from './channel';
import { UpstreamFailure, type UpstreamLimits } from './event';
import { LineSplitter } from './line-splitter';
import { decodeMessages, isBatch, isMalformed } from './message';
import { endGroup, guardGroup, signalGroup } from './process-group';
import { printableLine, StderrReader } from './stderr';
import { launchOnWindows } from './windows';

/** An MCP server that runs as a child process and speaks newline-delimited JSON. */
export interface StdioUpstream {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the few variables that a child inherits. */
  readonly env: Readonly<Record<string, string>>;
  /** @default - the gateway's working directory */
  readonly cwd?: string;
  readonly limits: UpstreamLimits;
}

export interface ProcessHandlers {
  onMessage(message: JsonRpcMessage): void;
  /** Called once, after the last message. `reason` is one sentence without a value of any message. */
  onExit?(reason: string, exit: ProcessExit): void;
  /** One line of stderr: control characters escaped, long lines cut, a flood thinned out. */
  onStderrLine?(line: string): void;
  /** A line on stdout that is no message, printable as above. A few are tolerated, as many servers print a banner. */
  onNoise?(line: string): void;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What a request that waits for an answer fails with: `connect` where the process never said a message. */
  readonly failure: UpstreamFailure;
}

export interface StartOptions {
  /** How long a command that fails at once is waited for. Later exits are told by `onExit`. @default 50 */
  readonly settleMs?: number;
  /** After stdin is closed, and again after SIGTERM. @default 2000 */
  readonly graceMs?: number;
}

export interface ServerProcess extends ServerChannel {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** Closes stdin, then SIGTERM, then SIGKILL to the whole process group. Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Lines on stdout that are no messages, in the life of a process. */
const MAX_NOISE_LINES = 50;
const MAX_NOISE_LINE_BYTES = 4 * 1024;
/** How long output of a process that has ended may still be read: a grandchild may hold the pipe open. */
const DRAIN_MS = 200;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts the server in a process group of its own.
 * @throws UpstreamFailure `connect` when the command cannot be run or ends at once
 */
export async function startProcess(upstream: StdioUpstream, handlers: ProcessHandlers, options: StartOptions = {}): Promise<ServerProcess> {
  const child = await spawnChild(upstream);
  const server = new ChildServer(child, upstream, handlers, options.graceMs ?? 2_000);
  const exit = await within(options.settleMs ?? 50, server.exited);
  if (exit !== undefined) throw exit.failure;
  return server;
}

async function spawnChild(upstream: StdioUpstream): Promise<Child> {
  const env = childEnvironment(upstream.env);
  const { command, args, cwd } = upstream;
  const { file, ...launch } = process.platform === 'win32' ? launchOnWindows(command, args, env, cwd ?? process.cwd()) : { file: command, args };
  try {
    const child = spawn(file, [...launch.args], {
      ...launch,
      cwd,
      env,
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
    });
    await once(child, 'spawn');
    return child;
  } catch (error) {
    const code = codeOf(error);
    const what = { ENOENT: 'was not found, or its working directory was not', EACCES: 'may not be executed' }[code ?? ''] ?? `could not be started (${code})`;
    throw new UpstreamFailure('connect', `The command "${command}" of the server "${upstream.name}" ${what}.`);
  }
}

class ChildServer implements ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  private readonly stderr: StderrReader;
  private readonly stdout: LineSplitter;
  private spoke = false;
  private noiseLines = 0;
  private failure: UpstreamFailure | undefined;
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly child: Child,
    private readonly upstream: StdioUpstream,
    private readonly handlers: ProcessHandlers,
    private readonly graceMs: number,
  ) {
    this.pid = child.pid as number;
    guardGroup(this.pid);
    this.stderr = new StderrReader((line) => handlers.onStderrLine?.(line));
    this.stdout = new LineSplitter(upstream.limits.maxMessageBytes, {
      onLine: (line) => this.read(line),
      onTooLong: () => this.fail('too_large', `sent a message larger than ${upstream.limits.maxMessageBytes} bytes`),
    });
    child.stdout.on('data', (chunk: Buffer) => this.stdout.feed(chunk));
    child.stderr.on('data', (chunk: Buffer) => this.stderr.feed(chunk));
    // A broken pipe means that the process ends; its exit says why.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
    child.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => this.drain(() => resolve(this.finish(code, signal))));
    });
  }

  send(message: JsonRpcMessage): void {
    const { stdin } = this.child;
    if (this.failure !== undefined) throw this.failure;
    // Its exit, on the way already, fails every request that waits, and says why.
    if (!stdin.writable) return;
    if (stdin.writableLength > 2 * this.upstream.limits.maxMessageBytes) throw this.failureOf('capacity', 'does not read what it is sent');
    stdin.write(`${JSON.stringify(message)}\n`);
  }

  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    this.child.stdin.end();
    if ((await within(this.graceMs, this.exited)) !== undefined) return;
    signalGroup(this.pid, 'SIGTERM');
    if ((await within(this.graceMs, this.exited)) !== undefined) return;
    signalGroup(this.pid, 'SIGKILL');
    await this.exited;
  }

  private read(line: Buffer): void {
    if (this.failure !== undefined) return;
    const decoded = decodeMessages(line);
    if (isMalformed(decoded)) {
      this.noiseLines += 1;
      this.handlers.onNoise?.(printableLine(line.subarray(0, MAX_NOISE_LINE_BYTES)));
      if (this.noiseLines > MAX_NOISE_LINES) this.fail('garbage', 'writes to its standard output what is not MCP');
      return;
    }
    this.spoke = true;
    if (isBatch(decoded)) for (const message of decoded) this.handlers.onMessage(message);
    else this.handlers.onMessage(decoded);
  }

  private fail(code: 'garbage' | 'too_large', what: string): void {
    if (this.failure !== undefined) return;
    this.failure = this.failureOf(code, what);
    signalGroup(this.pid, 'SIGKILL');
  }

  private failureOf(code: UpstreamFailure['code'], what: string): UpstreamFailure {
    return new UpstreamFailure(code, `The server "${this.upstream.name}" ${what}.`);
  }

  /** The process has ended: end what it started, and read what it still had to say. */
  private drain(done: () => void): void {
    endGroup(this.pid);
    const timer = setTimeout(() => {
      this.child.stdout.destroy();
      this.child.stderr.destroy();
    }, DRAIN_MS);
    this.child.once('close', () => {
      clearTimeout(timer);
      done();
    });
  }

  private finish(code: number | null, signal: NodeJS.Signals | null): ProcessExit {
    this.stdout.end();
    this.stderr.end();
    this.failure ??= this.exitFailure(code, signal);
    const exit = { code, signal, failure: this.failure };
    this.handlers.onExit?.(exit.failure.message, exit);
    return exit;
  }

  private exitFailure(code: number | null, signal: NodeJS.Signals | null): UpstreamFailure {
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    if (this.spoke || this.stopping !== undefined) return this.failureOf('closed', how);
    return this.failureOf('connect', `${how} before its first message; its standard error may say why`);
  }
}

/** What `promise` gives within `ms`, otherwise `undefined`. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
