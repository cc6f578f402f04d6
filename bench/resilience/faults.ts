/** What goes wrong, how it is brought about, and how it ends. */
import { connect, type Socket } from 'node:net';
import { untilReady } from '../replicas/balancer';
import type { Group } from '../replicas/group';
import type { Misbehaviour } from './tools';
import type { Upstream } from './upstream';

/** Everything that a fault can be brought upon. */
export interface Stand {
  readonly group: Group;
  readonly upstream: Upstream;
  /** Notes that a gateway is killed now: calls that it had taken may be lost. */
  noteKill(): void;
}

export interface Fault {
  readonly name: string;
  begin(stand: Stand): Promise<void> | void;
  /** Resolves when the fault is over; from then on the time to recover runs. */
  end(stand: Stand): Promise<void> | void;
}

const HOUR_MS = 3_600_000;

const service = (name: string, which: 'store' | 'policies', state: 'away' | 'silent'): Fault => ({
  name,
  begin: ({ group }) => group.cloud.set(which, state),
  end: ({ group }) => group.cloud.set(which, 'there'),
});

const server = (name: string, misbehaviour: Misbehaviour): Fault => ({
  name,
  begin: ({ upstream }) => upstream.misbehave(misbehaviour),
  end: ({ upstream }) => upstream.misbehave(undefined),
});

const clock = (name: string, offsetMs: number): Fault => ({
  name,
  begin: ({ group }) => group.replicas.forEach((replica) => replica.setClock(offsetMs)),
  end: ({ group }) => group.replicas.forEach((replica) => replica.setClock(0)),
});

/** Clients that send their headers, or their body, a byte at a time. */
const LORIS_CLIENTS = 300;
const LORIS_PAUSE_MS = 500;
const lorisSockets = new Set<Socket>();

function startLoris(port: number, index: number): void {
  const socket = connect(port, '127.0.0.1');
  lorisSockets.add(socket);
  const head = index % 2 === 0 ? 'POST /mcp/alpha HTTP/1.1\r\nX-' : `POST /mcp/alpha HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`;
  const drops = setInterval(() => socket.write('a'), LORIS_PAUSE_MS);
  socket.once('connect', () => socket.write(head)).once('close', () => clearInterval(drops)).on('error', () => socket.destroy()).resume();
}

/** Those that end a life of a gateway come first, so that memory is watched over the longest life. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'one gateway killed (SIGKILL), started again',
    begin: async ({ group, noteKill }) => {
      noteKill();
      await group.replicas[0]!.kill();
    },
    async end({ group }) {
      group.replicas[0]!.start();
      await group.replicas[0]!.ready();
    },
  },
  {
    name: 'rolling restart (SIGTERM), one after the other',
    async begin({ group }) {
      for (const replica of group.replicas) {
        await replica.stop();
        replica.start();
        await replica.ready();
        // An orchestrator takes the next one when the last has taken up its work.
        await untilReady(group.balancer);
      }
    },
    end: () => undefined,
  },
  {
    name: 'policy store away, one gateway started meanwhile',
    async begin({ group }) {
      group.cloud.set('policies', 'away');
      await group.replicas[1]!.stop();
      group.replicas[1]!.start();
      await group.replicas[1]!.ready();
    },
    end: ({ group }) => group.cloud.set('policies', 'there'),
  },
  service('policy store silent', 'policies', 'silent'),
  service('registry and grants away', 'store', 'away'),
  service('registry and grants silent', 'store', 'silent'),
  {
    name: 'server killed, started again',
    begin: ({ upstream }) => upstream.kill(),
    end: ({ upstream }) => upstream.start(),
  },
  server('server takes calls and does not answer', 'silent'),
  server('server answers a byte at a time', 'slow'),
  server('server answers with garbage', 'garbage'),
  {
    name: `${LORIS_CLIENTS} clients that send a byte at a time`,
    begin({ group }) {
      for (let index = 0; index < LORIS_CLIENTS; index += 1) startLoris(group.replicas[index % group.replicas.length]!.port, index);
    },
    end() {
      for (const socket of lorisSockets) socket.destroy();
      lorisSockets.clear();
    },
  },
  clock('clocks jump three hours ahead', 3 * HOUR_MS),
  clock('clocks jump three hours back', -3 * HOUR_MS),
  {
    name: 'disk of the log full',
    begin: ({ group }) => group.replicas.forEach((replica) => replica.setDiskFull(true)),
    end: ({ group }) => group.replicas.forEach((replica) => replica.setDiskFull(false)),
  },
];
