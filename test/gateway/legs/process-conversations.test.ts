import { ProcessConversations } from '../../../lambda/gateway/legs/process-conversations';
import { DEFAULT_UPSTREAM_LIMITS, UpstreamFailure } from '../../../lambda/gateway/upstream';

describe('conversations with a process', () => {
  it('outlive a process that asks something and takes no answer', () => {
    const conversations = new ProcessConversations({
      name: 'files',
      limits: DEFAULT_UPSTREAM_LIMITS,
      inputMs: 1_000,
      onListChanged: () => undefined,
      send: () => {
        throw new UpstreamFailure('closed', 'the server takes no more messages');
      },
    });
    for (const method of ['ping', 'roots/list', 'nonsense']) expect(() => conversations.receive({ jsonrpc: '2.0', id: 1, method })).not.toThrow();
    expect(() => conversations.die(new UpstreamFailure('closed', 'the server ended'))).not.toThrow();
  });
});
