import { randomUUID } from 'node:crypto';
import { MetaKey, isJsonObject, resultResponse, type JsonObject, type JsonRpcMessage, type JsonRpcRequest } from '../../protocol';
import type { UpstreamEvent } from '../upstream';
import { settle, type Exchange, type ExchangeOptions, type LegacyLeg, type UpstreamDescription } from './leg';

const LISTS = ['tools', 'prompts', 'resources'] as const;

/** The part of a requested filter that a server with these capabilities can honour. */
function honouredFilter(requested: JsonObject, capabilities: JsonObject): JsonObject {
  const honoured: JsonObject = {};
  for (const list of LISTS) {
    const capability = capabilities[list];
    const key = `${list}ListChanged`;
    if (requested[key] === true && isJsonObject(capability) && capability.listChanged === true) honoured[key] = true;
  }
  const { resources } = capabilities;
  const uris = requested.resourceSubscriptions;
  if (Array.isArray(uris) && uris.length > 0 && isJsonObject(resources) && resources.subscribe === true) honoured.resourceSubscriptions = uris;
  return honoured;
}

function accepts(filter: JsonObject, message: JsonRpcMessage): boolean {
  if (!('method' in message)) return false;
  if (message.method === 'notifications/resources/updated') {
    const uris = filter.resourceSubscriptions;
    return Array.isArray(uris) && uris.includes(message.params?.uri ?? null);
  }
  return LISTS.some((list) => message.method === `notifications/${list}/list_changed` && filter[`${list}ListChanged`] === true);
}

/** `subscriptions/listen` in front of a legacy server: its open stream and `resources/subscribe`, filtered and tagged. */
export async function listenOverLegacy(
  leg: LegacyLeg,
  description: UpstreamDescription,
  request: JsonRpcRequest,
  options: ExchangeOptions,
): Promise<Exchange> {
  const requested = isJsonObject(request.params?.notifications) ? request.params.notifications : {};
  const filter = honouredFilter(requested, description.capabilities);
  const tag = { [MetaKey.SUBSCRIPTION_ID]: request.id };
  const uris = (Array.isArray(filter.resourceSubscriptions) ? filter.resourceSubscriptions : []) as string[];

  async function subscribe(method: 'resources/subscribe' | 'resources/unsubscribe'): Promise<void> {
    for (const uri of uris) {
      await settle(await leg.exchange({ jsonrpc: '2.0', id: `mzt-${randomUUID()}`, method, params: { uri } }, {}));
    }
  }

  async function* events(): AsyncGenerator<UpstreamEvent> {
    yield { kind: 'message', message: { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { notifications: filter, _meta: tag } } };
    if (Object.keys(filter).length > 0) {
      const stream = await leg.listen({ signal: options.signal });
      try {
        await subscribe('resources/subscribe');
        for await (const event of stream?.events ?? []) {
          if (event.kind !== 'message' || !('method' in event.message) || !accepts(filter, event.message)) continue;
          const { method, params } = event.message;
          const meta = isJsonObject(params?._meta) ? params._meta : {};
          yield { kind: 'message', message: { jsonrpc: '2.0', method, params: { ...params, _meta: { ...meta, ...tag } } } };
        }
      } finally {
        await subscribe('resources/unsubscribe').catch(() => {});
      }
    }
    const serverInfo = description.serverInfo === undefined ? {} : { [MetaKey.SERVER_INFO]: description.serverInfo };
    yield { kind: 'message', message: resultResponse(request.id, { resultType: 'complete', _meta: { ...tag, ...serverInfo } }) };
  }

  return { status: 'ok', events: events() };
}
