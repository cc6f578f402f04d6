import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../child-process';
import type { Misbehaviour } from './tools';

/** The server behind the gateways, over all its lives. */
export interface Upstream {
  readonly url: string;
  /** A line for each call of a tool: its trace, the tool, the first word of the message. */
  readonly file: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  misbehave(misbehaviour: Misbehaviour | undefined): void;
}

export async function createUpstream(home: string): Promise<Upstream> {
  const port = await freePort();
  const file = join(home, 'upstream.calls');
  let child: ChildProcess | undefined;
  process.once('exit', () => child?.kill('SIGKILL'));
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    file,
    async start() {
      child = fork(join(__dirname, 'upstream-process.ts'), [String(port), file], { execArgv: ['--import', 'tsx'] });
      await once(child, 'message');
    },
    async kill() {
      const ended = child && once(child, 'exit');
      child?.kill('SIGKILL');
      await ended;
    },
    misbehave: (misbehaviour) => void child?.send({ misbehaviour }),
  };
}
