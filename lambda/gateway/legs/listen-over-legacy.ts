import { MetaKey, isJsonObject, resultResponse, type JsonObject, type JsonRpcMessage, type JsonRpcRequest } from '../../protocol';
import type { CancelSignal, UpstreamEvent } from '../upstream';
import type { Exchange } from './leg';
import type { SharedSession } from './shared-session';

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

/**
 * `subscriptions/listen` in front of a legacy server: the session's open stream and `resources/subscribe`, filtered and
 * tagged. A server without a stream honours nothing, and says nothing until the client leaves.
 */
export async function listenOverLegacy(session: SharedSession, request: JsonRpcRequest, signal: CancelSignal | undefined): Promise<Exchange> {
  const requested = isJsonObject(request.params?.notifications) ? request.params.notifications : {};
  const wanted = honouredFilter(requested, session.description.capabilities);
  const tag = { [MetaKey.SUBSCRIPTION_ID]: request.id };
  const uris = (Array.isArray(wanted.resourceSubscriptions) ? wanted.resourceSubscriptions : []) as string[];
  const stream = Object.keys(wanted).length === 0 ? undefined : await session.listen(uris, signal);
  const filter = stream === undefined ? {} : wanted;

  async function* events(): AsyncGenerator<UpstreamEvent> {
    yield { kind: 'message', message: { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { notifications: filter, _meta: tag } } };
    if (stream === undefined) await abortOf(signal);
    for await (const event of stream ?? []) {
      if (event.kind !== 'message' || !('method' in event.message) || !accepts(filter, event.message)) continue;
      const { method, params } = event.message;
      const meta = isJsonObject(params?._meta) ? params._meta : {};
      yield { kind: 'message', message: { jsonrpc: '2.0', method, params: { ...params, _meta: { ...meta, ...tag } } } };
    }
    const { serverInfo } = session.description;
    const about = serverInfo === undefined ? {} : { [MetaKey.SERVER_INFO]: serverInfo };
    yield { kind: 'message', message: resultResponse(request.id, { resultType: 'complete', _meta: { ...tag, ...about } }) };
  }

  return { status: 'ok', events: events() };
}

function abortOf(signal: CancelSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal === undefined || signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
