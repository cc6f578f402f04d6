import type { ServerOptions } from '../gateway';

/** What the user should know of servers that run as child processes on `platform`, one sentence each. */
export function adviseOnPlatform(platform: NodeJS.Platform, servers: readonly Pick<ServerOptions, 'upstream'>[]): string[] {
  if (platform !== 'win32' || !servers.some(({ upstream }) => upstream.kind === 'stdio')) return [];
  return [
    'The gateway is not tested on Windows. A server is ended there with what it started as long as its own process lives, and not where the gateway is killed: name the program itself as "command", such as node with the path of a script, and not a launcher such as npx.',
  ];
}
