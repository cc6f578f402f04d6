import { isIP } from 'node:net';

/**
 * The address of the client of a request. Each proxy appends the address that it was connected from, so the entry that the outermost of
 * ours wrote is as many places from the right; what is left of it, the client wrote, and nobody has to believe it.
 *
 * @param forwarded the `X-Forwarded-For` header
 * @param proxies how many of our proxies append to it
 * @param peer address of the connection itself
 */
export function clientAddress(forwarded: string | undefined, proxies: number, peer: string | undefined): string | undefined {
  if (proxies === 0) return peer;
  const entry = forwarded?.split(',').at(-proxies)?.trim();
  return entry !== undefined && isIP(entry) !== 0 ? entry : undefined;
}
