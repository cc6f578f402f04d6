import { connectProcess } from '../../../lambda/gateway/legs/process-connection';
import { DEFAULT_UPSTREAM_LIMITS, UpstreamFailure, type ChannelHandlers, type ServerChannel } from '../../../lambda/gateway/upstream';

/** A server that reads what it is sent and never says a word; it ends when it is told to. */
function silentServer(started: () => void): (handlers: ChannelHandlers) => Promise<ServerChannel> {
  return async (handlers) => {
    started();
    let end: (() => void) | undefined;
    const exited = new Promise<void>((resolve) => (end = resolve));
    const failure = new UpstreamFailure('connect', 'it ended');
    return {
      send: () => undefined,
      exited,
      stop: async () => {
        handlers.onExit('it ended', { failure });
        end?.();
      },
    };
  };
}

test('a server that never answers is waited for once, not once in the words of both eras and then again in the older ones', async () => {
  let starts = 0;
  const connecting = connectProcess({
    name: 'silent',
    prefer: 'modern',
    clientCapabilities: {},
    limits: { ...DEFAULT_UPSTREAM_LIMITS, firstByteMs: 50 },
    inputMs: 1_000,
    start: silentServer(() => (starts += 1)),
    onListChanged: () => undefined,
  });
  await expect(connecting).rejects.toMatchObject({ code: 'timeout', message: 'The server "silent" did not begin to answer within 50 ms.' });
  expect(starts).toBe(1);
});
