import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createParser } from 'eventsource-parser';
import { asJsonRpcMessage, isErrorResponse, isResponse, Header, LATEST_LEGACY, LATEST_MODERN, MetaKey, type Era, type JsonObject, type JsonRpcResponse } from '../protocol';

/** What a server said to an MCP request. */
export type Answer = { readonly answers: true; readonly era?: Era } | { readonly answers: false; readonly why: string };

const CLIENT = { name: 'mcp-zero-trust-probe', version: '1' };
const MOST_BYTES = 256 * 1024;

/**
 * Asks a server something that every MCP server answers, without a token: `server/discover`, and `initialize` where that is not known. A session that
 * this opens is ended again. A server that asks for credentials (401, 403) answers: which ones are right is between it and the gateway.
 *
 * @param url the MCP endpoint. A certificate is not checked: it is asked over the pod's own loopback
 * @param era what the server spoke last time
 * @param timeoutMs for each request
 */
export async function askMcp(url: URL, era: Era | undefined, timeoutMs: number): Promise<Answer> {
  try {
    if (era !== 'legacy') {
      const discovered = await post(url, timeoutMs, { [Header.PROTOCOL_VERSION]: LATEST_MODERN, [Header.METHOD]: 'server/discover' }, 'server/discover', {
        _meta: { [MetaKey.PROTOCOL_VERSION]: LATEST_MODERN, [MetaKey.CLIENT_CAPABILITIES]: {}, [MetaKey.CLIENT_INFO]: CLIENT },
      });
      if (wantsCredentials(discovered)) return { answers: true };
      if (isResult(discovered)) return { answers: true, era: 'modern' };
    }
    const opened = await post(url, timeoutMs, {}, 'initialize', { protocolVersion: LATEST_LEGACY, capabilities: {}, clientInfo: CLIENT });
    if (wantsCredentials(opened)) return { answers: true };
    if (!isResult(opened)) return { answers: false, why: `answers neither server/discover nor initialize (HTTP ${opened.status})` };
    if (opened.session !== undefined) await endSession(url, opened.session, timeoutMs);
    return { answers: true, era: 'legacy' };
  } catch (error) {
    return { answers: false, why: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
  }
}

interface Reply {
  readonly status: number;
  readonly session?: string;
  /** Absent when what came back is not a JSON-RPC response to the request. */
  readonly message?: JsonRpcResponse;
}

function wantsCredentials({ status }: Reply): boolean {
  return status === 401 || status === 403;
}

function isResult({ message }: Reply): boolean {
  return message !== undefined && !isErrorResponse(message);
}

async function post(url: URL, timeoutMs: number, headers: Readonly<Record<string, string>>, method: string, params: JsonObject): Promise<Reply> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const body = JSON.stringify({ jsonrpc: '2.0', id: method, method, params });
    const response = await send(url, signal, 'POST', { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }, body);
    const session = response.headers[Header.SESSION_ID];
    return { status: response.statusCode ?? 0, session: typeof session === 'string' ? session : undefined, message: await responseTo(method, response) };
  } catch (error) {
    throw signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error;
  }
}

async function endSession(url: URL, session: string, timeoutMs: number): Promise<void> {
  const response = await send(url, AbortSignal.timeout(timeoutMs), 'DELETE', { [Header.SESSION_ID]: session, [Header.PROTOCOL_VERSION]: LATEST_LEGACY });
  response.destroy();
}

function send(url: URL, signal: AbortSignal, method: string, headers: Readonly<Record<string, string>>, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false, signal };
    const request = url.protocol === 'https:' ? httpsRequest(url, { ...options, rejectUnauthorized: false }, resolve) : httpRequest(url, options, resolve);
    request.once('error', reject).end(body);
  });
}

/** The response with that id, from a body of JSON or from the first of a stream's events that has it. */
async function responseTo(id: string, response: IncomingMessage): Promise<JsonRpcResponse | undefined> {
  let found: JsonRpcResponse | undefined;
  const take = (text: string) => (found ??= readResponse(id, text));
  const streams = response.headers['content-type']?.startsWith('text/event-stream') ?? false;
  const parser = createParser({ onEvent: ({ data }) => void take(data) });
  let text = '';
  let bytes = 0;
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) break;
    if (streams) parser.feed(chunk);
    else text += chunk;
    if (found) break;
  }
  return found ?? (streams ? undefined : readResponse(id, text));
}

function readResponse(id: string, text: string): JsonRpcResponse | undefined {
  try {
    const message = asJsonRpcMessage(JSON.parse(text));
    return message !== undefined && isResponse(message) && message.id === id ? message : undefined;
  } catch {
    return undefined;
  }
}
