import type { Pool } from 'undici';
import type { JsonRpcMessage } from '../../protocol';
import type { ChannelHandlers, ServerChannel } from './channel';
import { codeOf, describeConnectError } from './connect-error';
import { UpstreamFailure, type UpstreamFailureCode } from './event';
import { createEventStreamParser } from './event-stream';
import { isEventStream } from './http-answer';
import { configuredHeaders, openPool, type HttpTransportOptions, type HttpUpstream } from './http-pool';

/**
 * Opens the HTTP+SSE transport of MCP 2024-11-05: a stream that the server says everything on, and an endpoint, named in its first
 * event, that takes one message a POST. Messages are posted in the order in which they are sent. The endpoint has to be
 * at the origin of the stream: a server cannot send the gateway, and its credential, somewhere else.
 *
 * @throws UpstreamFailure when there is no stream, or no endpoint within the limit on the first byte
 */
export async function openSseChannel(upstream: HttpUpstream, handlers: ChannelHandlers, options: HttpTransportOptions = {}): Promise<ServerChannel> {
  const channel = new SseChannel(upstream, handlers, options);
  await channel.opened;
  return channel;
}

/** More than what a server is sent while it deals with one message. */
const MAX_WAITING_MESSAGES = 1_000;

class SseChannel implements ServerChannel {
  readonly opened: Promise<void>;
  readonly exited: Promise<unknown>;
  private readonly pool: Pool;
  private readonly headers: Record<string, string>;
  private readonly stream = new AbortController();
  private readonly overdue: NodeJS.Timeout;
  private readonly waiting: string[] = [];
  private posting = false;
  private endpoint: string | undefined;
  private failure: UpstreamFailure | undefined;
  private open: () => void = () => undefined;
  private refuse: (failure: UpstreamFailure) => void = () => undefined;
  private gone: (failure: UpstreamFailure) => void = () => undefined;

  constructor(
    private readonly upstream: HttpUpstream,
    private readonly handlers: ChannelHandlers,
    options: HttpTransportOptions,
  ) {
    this.pool = openPool(upstream, options);
    this.headers = { ...configuredHeaders(upstream), 'accept-encoding': 'identity' };
    this.exited = new Promise((resolve) => (this.gone = resolve));
    this.opened = new Promise((resolve, reject) => {
      this.open = resolve;
      this.refuse = reject;
    });
    const { firstByteMs } = upstream.limits;
    this.overdue = setTimeout(() => this.end('timeout', `did not name its endpoint within ${firstByteMs} ms`), firstByteMs).unref();
    void this.listen();
  }

  send(message: JsonRpcMessage): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.waiting.length >= MAX_WAITING_MESSAGES) throw this.failureOf('capacity', 'does not take what it is sent');
    this.waiting.push(JSON.stringify(message));
    if (!this.posting) void this.post();
  }

  async stop(): Promise<void> {
    this.end('closed', 'is no longer needed');
    await this.exited;
  }

  private async listen(): Promise<void> {
    const { pathname, search } = new URL(this.upstream.url);
    try {
      const { statusCode, headers, body } = await this.pool.request({ method: 'GET', path: pathname + search, headers: { ...this.headers, accept: 'text/event-stream' }, signal: this.stream.signal });
      // An abort is one of the body too, also where nobody reads it.
      body.on('error', () => undefined);
      if (statusCode !== 200) return this.end('status', `answered with HTTP ${statusCode} where its stream was expected`, statusCode);
      if (!isEventStream(headers) || headers['content-encoding'] !== undefined) return this.end('garbage', 'answered with something else than text/event-stream');
      const parser = createEventStreamParser(this.upstream.limits.maxMessageBytes, {
        onEvent: (event) => {
          if (event.kind === 'message' && this.failure === undefined) this.handlers.onMessage(event.message);
        },
        onOther: (type, data) => {
          if (type === 'endpoint' && this.endpoint === undefined) this.learnEndpoint(data);
        },
        onFailure: (code, what) => this.end(code, what),
      });
      for await (const chunk of body) parser.feed(chunk as Buffer);
      this.end('closed', 'ended its stream');
    } catch (error) {
      this.end(this.endpoint === undefined ? 'connect' : 'closed', this.endpoint === undefined ? describeConnectError(error, this.upstream.limits.connectMs) : 'closed its stream');
    }
  }

  private learnEndpoint(data: string): void {
    const { url } = this.upstream;
    const named = URL.canParse(data, url) ? new URL(data, url) : undefined;
    if (named?.origin !== new URL(url).origin) return this.end('garbage', 'named an endpoint that is not at the origin of its stream');
    this.endpoint = named.pathname + named.search;
    clearTimeout(this.overdue);
    this.open();
    if (!this.posting) void this.post();
  }

  private async post(): Promise<void> {
    if (this.endpoint === undefined) return;
    this.posting = true;
    for (let body = this.waiting.shift(); body !== undefined && this.failure === undefined; body = this.waiting.shift()) await this.postOne(this.endpoint, body);
    this.posting = false;
  }

  private async postOne(path: string, body: string): Promise<void> {
    const { firstByteMs } = this.upstream.limits;
    try {
      const { statusCode, body: answer } = await this.pool.request({ method: 'POST', path, body, headers: { ...this.headers, 'content-type': 'application/json', accept: 'application/json' }, headersTimeout: firstByteMs, bodyTimeout: firstByteMs });
      await answer.dump();
      // Answers to requests come on the stream. What was not taken will never be answered.
      if (statusCode >= 300) this.end('closed', `answered a message with HTTP ${statusCode}`);
    } catch (error) {
      this.end(codeOf(error) === 'UND_ERR_HEADERS_TIMEOUT' ? 'timeout' : 'closed', 'did not take a message');
    }
  }

  private failureOf(code: UpstreamFailureCode, what: string, status?: number): UpstreamFailure {
    return new UpstreamFailure(code, `The server "${this.upstream.name}" ${what}.`, status);
  }

  private end(code: UpstreamFailureCode, what: string, status?: number): void {
    if (this.failure !== undefined) return;
    const failure = this.failureOf(code, what, status);
    this.failure = failure;
    clearTimeout(this.overdue);
    this.waiting.length = 0;
    this.stream.abort();
    this.refuse(failure);
    void this.pool.destroy().then(() => {
      this.handlers.onExit(failure.message, { failure });
      this.gone(failure);
    });
  }
}
