import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What a connection says first. */
export interface Speech {
  readonly kind: 'raw' | 'tls' | 'tls-hidden' | 'tls-then-raw' | 'http' | 'http-two-hosts' | 'http-absolute' | 'connect' | 'websocket' | 'http2' | 'ssh' | 'quic' | 'ntp' | 'dns' | 'dns-tcp' | 'big';
  readonly name?: string;
  readonly second?: string;
}

/** One attempt with real packets. It succeeds where its token comes back, or where the other side heard it. */
export type Try = { readonly namespace: string; readonly resolver: string; /** Names to look up first, as a client would. */ readonly resolve?: readonly string[] } & (
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number; readonly speak: Speech; readonly pieces?: number; readonly sourcePort?: number }
  | { readonly kind: 'udp'; readonly address: string; readonly port: number; readonly speak: Speech }
  /** With a port, the packet begins with the header of SCTP. */
  | { readonly kind: 'raw'; readonly address: string; readonly protocol: number; readonly port?: number }
  | { readonly kind: 'icmp'; readonly address: string; readonly type?: number }
  /** With `arrives`, it succeeds where the name reached the authority, whatever was answered. */
  | { readonly kind: 'dns'; readonly address: string; readonly name: string; readonly type: string; readonly arrives?: boolean }
  | { readonly kind: 'service'; readonly address: string; readonly port: number; readonly foreign: boolean }
);

export type Listener =
  | { readonly kind: 'echo' }
  /** With `both`, over IPv6 too. */
  | { readonly kind: 'raw'; readonly protocols: readonly number[]; readonly both?: boolean }
  | { readonly kind: 'authority'; readonly address: string; readonly names: Readonly<Record<string, string>>; readonly fallback: string }
  | { readonly kind: 'dns-firewall'; readonly address: string; readonly rules: readonly unknown[]; readonly failsOpen: boolean; readonly learn: readonly string[] }
  | { readonly kind: 'service'; readonly port: number; readonly service: string; readonly policy: unknown }
  | { readonly kind: 'metadata' };

/** The process that opens sockets inside of namespaces, and clears up when this one goes, however it goes. */
export interface Agent {
  listen(namespace: string, listener: Listener): Promise<void>;
  /** Starts a program inside of a namespace. */
  start(namespace: string, argv: readonly string[]): Promise<void>;
  /** @throws Error naming programs that have ended */
  assertAlive(): Promise<void>;
  attempt(attempt: Try): Promise<boolean>;
  /** Ends everything and waits until it is gone. */
  close(): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly ok?: boolean;
  readonly error?: string;
  readonly dead?: readonly (readonly string[])[];
}

/**
 * @param prefix of the namespaces that it removes in the end
 * @param atOnce attempts that run at the same time
 * @param folder that it removes too
 */
export function startAgent(prefix: string, atOnce: number, folder: string): Agent {
  const child: ChildProcessWithoutNullStreams = spawn('python3', ['-B', join(__dirname, '..', 'agent', 'agent.py'), prefix, String(atOnce), folder], { stdio: 'pipe' });
  const waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();
  let next = 0;
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-4_000)));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  void ended.then(() => waiting.forEach(({ reject }) => reject(new Error(`the agent of the range ended: ${errors.trim().split('\n').at(-1) ?? ''}`))));
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    const reply = JSON.parse(line) as Reply;
    waiting.get(reply.id)?.resolve(reply);
    waiting.delete(reply.id);
  });
  const send = async (command: object): Promise<Reply> => {
    const id = next++;
    const reply = await new Promise<Reply>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ ...command, id })}\n`);
    });
    if (reply.error !== undefined) throw new Error(`the agent of the range: ${reply.error}`);
    return reply;
  };
  return {
    listen: async (namespace, listener) => void (await send({ op: 'listen', namespace, ...listener })),
    start: async (namespace, argv) => void (await send({ op: 'spawn', namespace, argv })),
    assertAlive: async () => {
      const { ok, dead } = await send({ op: 'alive' });
      if (!ok) throw new Error(`${dead?.map((argv) => argv.slice(4).join(' ')).join(', ')} ended`);
    },
    attempt: async (attempt) => (await send({ op: 'try', ...attempt })).ok ?? false,
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
