import { isIPv4 } from 'node:net';

/** A TCP address to listen on. Port 0 is any free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 8808 };

/** `host:port`, `[::1]:port`, `:port` or a port alone; `undefined` when `value` is none of these. */
export function parseListen(value: string | number | Partial<ListenAddress> | undefined): ListenAddress | undefined {
  if (typeof value === 'object') return { ...DEFAULT_LISTEN, ...value };
  if (value === undefined) return DEFAULT_LISTEN;
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]:|([A-Za-z0-9.-]+):|:)?([0-9]{1,5})$/.exec(String(value)) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  return { host: bracketed ?? plain ?? DEFAULT_LISTEN.host, port };
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** The host as it stands in a URL. */
export function urlHost({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
