import type { TraceContext } from '../../audit';
import { isResponse, type JsonObject, type JsonRpcNotification, type JsonRpcRequest, type JsonRpcResponse } from '../../protocol';
import { type CancelSignal, type UpstreamEvent, UpstreamFailure } from '../upstream';

/** One request on its way: the response if it is already here, otherwise what comes until it is. */
export interface Exchange {
  /** HTTP status of the upstream, or `ok` over stdio. */
  readonly status: number | 'ok';
  readonly response?: JsonRpcResponse;
  /** Ends after the response; empty when `response` is set. Returning early gives the request up. */
  readonly events: AsyncIterable<UpstreamEvent>;
}

export interface ExchangeOptions {
  readonly signal?: CancelSignal;
  /** `Mcp-Param-*` headers that the tool asks for. */
  readonly paramHeaders?: Readonly<Record<string, string>>;
  readonly trace?: TraceContext;
}

export interface ListenOptions {
  /** Where an earlier stream ended: what came after it comes again. */
  readonly lastEventId?: string;
  readonly signal?: CancelSignal;
  /** The answer to one request is waited for, so that request's limits count. @default - both sides keep the stream as long as they like */
  readonly awaitsAnswer?: boolean;
}

/** A conversation with an upstream in the words of MCP 2026-07-28. */
export interface ModernLeg {
  readonly era: 'modern';
  exchange(request: JsonRpcRequest, options: ExchangeOptions): Promise<Exchange>;
}

/** A conversation with an upstream in the words of 2025-11-25 and earlier, within one session. */
export interface LegacyLeg {
  readonly era: 'legacy';
  exchange(request: JsonRpcRequest, options: ExchangeOptions): Promise<Exchange>;
  notify(notification: JsonRpcNotification): Promise<void>;
  /** Passes the client's answer to a server's request on, or answers what is wrong with it: then it may be answered again. */
  respond(response: JsonRpcResponse): Promise<string | undefined>;
  /** The stream of what the server sends outside requests; `undefined` where the server offers none. */
  listen(options: ListenOptions): Promise<Exchange | undefined>;
  /** Ends the session. Answers the HTTP status for the client. */
  end(): Promise<number>;
}

/** What an upstream says of itself, whichever era it says it in. */
export interface UpstreamDescription {
  readonly capabilities: JsonObject;
  readonly serverInfo?: JsonObject;
  readonly instructions?: string;
}

const NOTHING: AsyncIterable<UpstreamEvent> = { async *[Symbol.asyncIterator]() {} };

/** An exchange whose response is already here. */
export function answered(status: number | 'ok', response: JsonRpcResponse): Exchange {
  return { status, response, events: NOTHING };
}

/**
 * The response of an exchange whose other messages nobody waits for.
 * @throws UpstreamFailure `closed` when it ended without one
 */
export async function settle(exchange: Exchange): Promise<JsonRpcResponse> {
  if (exchange.response !== undefined) return exchange.response;
  for await (const event of exchange.events) if (event.kind === 'message' && isResponse(event.message)) return event.message;
  throw new UpstreamFailure('closed', 'the upstream ended its answer before the response');
}
