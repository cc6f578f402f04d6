import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as schemas from '@modelcontextprotocol/sdk/types.js';
import { PUBLIC_URL, type Harness } from '../harness';

export const CLIENTS = ['v1 (HTTP+SSE)', 'v1 (legacy)', 'v2 (legacy)', 'v2 (modern)'] as const;
export type ClientName = (typeof CLIENTS)[number];

export interface CallOptions {
  readonly onprogress?: (progress: any) => void;
  readonly signal?: AbortSignal;
  readonly meta?: Record<string, unknown>;
}

/** An official client with a person and a model behind it, and what it heard. */
export interface TestClient {
  readonly name: ClientName;
  readonly isModern: boolean;
  readonly client: Client2;
  /** Methods and parameters of notifications, as they came. */
  readonly heard: { readonly method: string; readonly params: any }[];
  /** Requests of the server that were answered. */
  readonly asked: { readonly method: string; readonly params: any }[];
  readonly sessionId: string | undefined;
  call(tool: string, args?: object, options?: CallOptions): Promise<any>;
  /** Hears of changes of resources and lists from when it is resolved. */
  watch(uri: string): Promise<void>;
  /** Resolves with the first notification of a method, also one that came before. */
  hears(method: string, matches?: (params: any) => boolean): Promise<any>;
  endSession(): Promise<void>;
  close(): Promise<void>;
}

const CAPABILITIES = { roots: { listChanged: true }, sampling: {}, elicitation: { form: {}, url: {} } };
const NOTIFICATION_METHODS = ['notifications/message', 'notifications/resources/updated', 'notifications/tools/list_changed', 'notifications/prompts/list_changed', 'notifications/resources/list_changed'];

/** What the person or the model behind the client answers. */
export function answerTo(method: string, params: any): any {
  switch (method) {
    case 'roots/list':
      return { roots: [{ uri: 'file:///work', name: 'work' }] };
    case 'sampling/createMessage':
      return { role: 'assistant', model: 'a-model', content: { type: 'text', text: 'an answer' } };
    default:
      if (params.mode === 'url') return { action: 'accept' };
      return { action: 'accept', content: Object.fromEntries(Object.keys(params.requestedSchema.properties).map((key) => [key, params.requestedSchema.properties[key].type === 'boolean' ? true : `my ${key}`])) };
  }
}

export async function connect(name: ClientName, harness: Pick<Harness, 'fetchAs'>, server: string, principal = 'alice', capabilities: object = CAPABILITIES): Promise<TestClient> {
  const heard: TestClient['heard'] = [];
  const asked: TestClient['asked'] = [];
  const listeners = new Set<() => void>();
  const hear = (method: string, params: any) => {
    heard.push({ method, params });
    for (const listener of listeners) listener();
  };
  const answer = (method: string, params: any) => {
    asked.push({ method, params });
    return answerTo(method, params);
  };
  const isModern = name === 'v2 (modern)';
  const url = new URL(`${PUBLIC_URL}/mcp/${server}`);
  const info = { name: 'era-test', version: '1.0.0' };
  const fetch = harness.fetchAs(principal);
  const isFirst = name.startsWith('v1');
  const client: any = isFirst
    ? new Client1(info, { capabilities })
    : new Client2(info, { capabilities, ...(isModern ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {}) });
  const transport: any = transportOf(name, url, fetch);

  if (isFirst) {
    const requests = [['roots', schemas.ListRootsRequestSchema], ['sampling', schemas.CreateMessageRequestSchema], ['elicitation', schemas.ElicitRequestSchema]] as const;
    for (const [capability, schema] of requests) if (capability in capabilities) client.setRequestHandler(schema, (request: any) => answer(request.method, request.params));
    for (const schema of [schemas.LoggingMessageNotificationSchema, schemas.ResourceUpdatedNotificationSchema, schemas.ToolListChangedNotificationSchema, schemas.PromptListChangedNotificationSchema, schemas.ResourceListChangedNotificationSchema]) {
      client.setNotificationHandler(schema, ({ method, params }: any) => hear(method, params));
    }
  } else {
    for (const [capability, method] of [['roots', 'roots/list'], ['sampling', 'sampling/createMessage'], ['elicitation', 'elicitation/create']] as const) {
      if (capability in capabilities) client.setRequestHandler(method, (request: any) => answer(method, request.params));
    }
    for (const method of NOTIFICATION_METHODS) client.setNotificationHandler(method, ({ params }: any) => hear(method, params));
  }
  await client.connect(transport);

  return {
    name,
    isModern,
    client,
    heard,
    asked,
    get sessionId() {
      return transport.sessionId;
    },
    call(tool, args = {}, { meta, ...options } = {}) {
      const params = { name: tool, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) };
      return isFirst ? client.callTool(params, undefined, options) : client.callTool(params, options);
    },
    async watch(uri) {
      if (isModern) await client.listen({ toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: [uri] });
      else await client.subscribeResource({ uri });
    },
    hears: (method, matches = () => true) =>
      new Promise((resolve) => {
        const look = () => {
          const found = heard.find((one) => one.method === method && matches(one.params));
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found.params);
        };
        listeners.add(look);
        look();
      }),
    endSession: () => transport.terminateSession(),
    close: () => client.close(),
  };
}

function transportOf(name: ClientName, url: URL, fetch: ReturnType<Harness['fetchAs']>): unknown {
  switch (name) {
    case 'v1 (HTTP+SSE)':
      return new SSEClientTransport(new URL(`${url.href}/sse`), { fetch });
    case 'v1 (legacy)':
      return new Transport1(url, { fetch });
    default:
      return new Transport2(url, { fetch });
  }
}
