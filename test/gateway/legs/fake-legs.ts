import type { Exchange, LegacyLeg, ModernLeg } from '../../../lambda/gateway/legs/leg';
import type { UpstreamEvent } from '../../../lambda/gateway/upstream';
import type { JsonObject, JsonRpcMessage, JsonRpcNotification, JsonRpcRequest, JsonRpcResponse } from '../../../lambda/protocol';

export type Script = (request: JsonRpcRequest, io: { answered(id: unknown): Promise<JsonRpcResponse> }) => AsyncGenerator<JsonRpcMessage>;

/** A legacy server in memory: `script` says what it sends for each request. */
export class FakeLegacyLeg implements LegacyLeg {
  readonly era = 'legacy';
  readonly requests: JsonRpcRequest[] = [];
  readonly notifications: JsonRpcNotification[] = [];
  readonly responses: JsonRpcResponse[] = [];
  outOfBand: JsonRpcMessage[] = [];
  private readonly waiting = new Map<unknown, (response: JsonRpcResponse) => void>();

  constructor(private readonly script: Script) {}

  async exchange(request: JsonRpcRequest): Promise<Exchange> {
    this.requests.push(request);
    const answered = async (id: unknown) =>
      this.responses.find((response) => response.id === id) ?? new Promise<JsonRpcResponse>((resolve) => this.waiting.set(id, resolve));
    return { status: 200, events: toEvents(this.script(request, { answered })) };
  }

  async notify(notification: JsonRpcNotification): Promise<void> {
    this.notifications.push(notification);
  }

  async respond(response: JsonRpcResponse): Promise<undefined> {
    this.responses.push(response);
    this.waiting.get(response.id)?.(response);
  }

  async listen(): Promise<Exchange> {
    const messages = this.outOfBand;
    return { status: 200, events: toEvents((async function* () { yield* messages; })()) };
  }

  async end(): Promise<number> {
    return 204;
  }
}

/** A modern server in memory. */
export class FakeModernLeg implements ModernLeg {
  readonly era = 'modern';
  readonly requests: JsonRpcRequest[] = [];

  constructor(private readonly script: Script) {}

  async exchange(request: JsonRpcRequest): Promise<Exchange> {
    this.requests.push(request);
    return { status: 200, events: toEvents(this.script(request, { answered: () => Promise.reject(new Error('stateless')) })) };
  }
}

async function* toEvents(messages: AsyncGenerator<JsonRpcMessage>): AsyncGenerator<UpstreamEvent> {
  for await (const message of messages) yield { kind: 'message', message };
}

export async function collect(exchange: Exchange): Promise<JsonRpcMessage[]> {
  const messages: JsonRpcMessage[] = exchange.response === undefined ? [] : [exchange.response];
  for await (const event of exchange.events) if (event.kind === 'message') messages.push(event.message);
  return messages;
}

export function result(id: JsonRpcRequest['id'], value: JsonObject): JsonRpcResponse {
  return { jsonrpc: '2.0', id, result: value };
}

export function request(method: string, params: JsonObject = {}, id: JsonRpcRequest['id'] = 7): JsonRpcRequest {
  return { jsonrpc: '2.0', id, method, params };
}
