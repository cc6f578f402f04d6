import type { ServerOptions } from '../gateway';

/** What the user should know of servers that run as child processes on `platform`, one sentence each. */
export function adviseOnPlatform(platform: NodeJS.Platform, servers: readonly Pick<ServerOptions, 'upstream'>[]): string[] {
  if (platform !== 'win32' || !servers.some(({ upstream }) => upstream.kind === 'stdio')) return [];
  return [
    'Windows has no process groups, so the process of a server is ended with the gateway and what that process started is not: name the program itself as "command", such as node with the path of a script, and not a launcher such as npx.',
  ];
}
