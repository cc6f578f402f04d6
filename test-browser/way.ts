import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a gateway on this machine that can be cut for browsers. */
export interface Way {
  /** Where the browser goes. */
  readonly url: string;
  /** The port on which the gateway has to listen. */
  readonly target: number;
  /** Breaks every connection that is open, and every one that a browser opens until it is mended. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openWay(): Promise<Way> {
  const target = await freePort();
  const all = new Set<Socket>();
  const browsers = new Set<Socket>();
  let isCut = false;
  const server = createServer((socket) => {
    let isBrowser = false;
    all.add(socket);
    const on = connect({ host: '127.0.0.1', port: target });
    for (const end of [socket, on]) end.on('error', () => undefined).on('close', () => (socket.destroy(), on.destroy()));
    socket.on('data', (chunk) => {
      // Clients of MCP post, a browser only gets.
      isBrowser ||= chunk.subarray(0, 4).toString() === 'GET ';
      if (!isBrowser) return;
      browsers.add(socket);
      if (isCut) socket.destroy();
    });
    socket.on('close', () => all.delete(socket) && browsers.delete(socket)).pipe(on).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target,
    cut() {
      isCut = true;
      for (const socket of browsers) socket.destroy();
    },
    mend: () => {
      isCut = false;
    },
    close() {
      for (const socket of all) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
