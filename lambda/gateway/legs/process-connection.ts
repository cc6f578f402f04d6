import { isResponse, resultResponse, type Era, type JsonObject, type JsonRpcRequest, type JsonRpcResponse } from '../../protocol';
import { UpstreamFailure, type ChannelHandlers, type EventQueue, type ServerChannel, type UpstreamLimits } from '../upstream';
import { answered, type Exchange, type LegacyLeg, type ModernLeg, type UpstreamDescription } from './leg';
import { negotiate, type Ask } from './negotiate';
import { ProcessConversations, type View } from './process-conversations';

/** One child process, or one HTTP+SSE connection, that several conversations of the same principal share, ready to talk in the era that it speaks. */
export interface ProcessConnection {
  readonly era: Era;
  readonly description: UpstreamDescription;
  modernLeg(): ModernLeg;
  legacyLeg(view: View): LegacyLeg;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface ProcessConnectionOptions {
  readonly name: string;
  /** Era to try first; the other one is tried where the server does not speak it. */
  readonly prefer: Era;
  readonly clientCapabilities: JsonObject;
  readonly limits: UpstreamLimits;
  readonly inputMs: number;
  start(handlers: ChannelHandlers): Promise<ServerChannel>;
  onListChanged(): void;
}

/** @throws UpstreamFailure when the process does not start, or does not speak MCP */
export function connectProcess(options: ProcessConnectionOptions): Promise<ProcessConnection> {
  return connect(options, options.prefer === 'modern' ? ['modern', 'legacy'] : ['legacy', 'modern']);
}

/** Nobody in particular: the gateway itself asks. */
const NOBODY: View = { name: '', capabilities: {} };

async function connect(options: ProcessConnectionOptions, eras: readonly Era[]): Promise<ProcessConnection> {
  const { name, limits, inputMs, onListChanged } = options;
  let ended = false;
  const conversations = new ProcessConversations({ name, limits, inputMs, onListChanged, send: (message) => process.send(message) });
  const process = await options.start({
    onMessage: (message) => conversations.receive(message),
    onExit: (_reason, { failure }) => {
      ended = true;
      conversations.die(failure);
    },
  });

  const ask: Ask = async (method, params, signal) => {
    for await (const event of conversations.call(NOBODY, { jsonrpc: '2.0', id: method, method, params }, signal)) {
      if (event.kind === 'message' && isResponse(event.message)) return event.message;
    }
    throw new UpstreamFailure('closed', `The server "${name}" ended before it answered ${method}.`);
  };

  try {
    const { era, description } = await negotiate(name, ask, eras, options.clientCapabilities);
    if (era === 'legacy') process.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return {
      era,
      description,
      modernLeg: () => ({ era: 'modern', exchange: async (request, { signal }) => over(conversations.call(NOBODY, request, signal)) }),
      legacyLeg: (view) => legacyLeg(conversations, view),
      exited: process.exited,
      stop() {
        // A process may take its time to end: whoever waits is told at once.
        conversations.die(new UpstreamFailure('stopped', `The server "${name}" had not answered when the gateway stopped.`));
        return process.stop();
      },
    };
  } catch (failure) {
    const endedByItself = ended;
    await process.stop();
    // Some legacy servers take a first message that is not `initialize` for a reason to end.
    if (endedByItself && eras[0] === 'modern' && eras.length > 1) return connect(options, ['legacy']);
    throw failure;
  }
}

function legacyLeg(conversations: ProcessConversations, view: View): LegacyLeg {
  return {
    era: 'legacy',
    async exchange(request, { signal }) {
      const uri = watchedUri(request);
      if (uri !== undefined && request.method === 'resources/unsubscribe' && !conversations.unwatch(view, uri)) {
        return answered('ok', resultResponse(request.id, {}));
      }
      if (uri !== undefined && request.method === 'resources/subscribe') conversations.watch(view, uri);
      return over(conversations.call(view, request, signal));
    },
    async notify(notification) {
      const { method, params } = notification;
      if (method === 'notifications/roots/list_changed') conversations.tell(notification);
      const requestId = method === 'notifications/cancelled' ? params?.requestId : undefined;
      if (typeof requestId === 'string' || typeof requestId === 'number') conversations.cancel(view, requestId);
    },
    respond: async (response: JsonRpcResponse) => conversations.answer(view, response),
    listen: async ({ signal }) => over(conversations.listen(view, signal)),
    async end() {
      conversations.leave(view);
      return 204;
    },
  };
}

function watchedUri({ method, params }: JsonRpcRequest): string | undefined {
  return method === 'resources/subscribe' || method === 'resources/unsubscribe' ? String(params?.uri) : undefined;
}

function over(events: EventQueue): Exchange {
  return { status: 'ok', events };
}
