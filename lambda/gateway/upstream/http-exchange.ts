import type { Dispatcher } from 'undici';
import { Header, isErrorResponse, isRequest, isResponse, type JsonRpcError, type JsonRpcMessage } from '../../protocol';
import { ByteCollector } from './bytes';
import type { CancelSignal } from './cancellation';
import { codeOf } from './connect-error';
import { Deadline, type TimeLimit } from './deadline';
import { EventQueue } from './event-queue';
import { createEventStreamParser, type EventStreamParser } from './event-stream';
import { UpstreamFailure, type UpstreamFailureCode, type UpstreamLimits } from './event';
import { isEventStream, mediaTypeOf, ReceivedExchange, type HttpExchange, type ResponseHeaders } from './http-answer';
import { decodeMessages, isBatch, isMalformed } from './message';
import { readTransportError } from './transport-error';

/** What one request is, as far as reading its answer goes. */
export interface ExchangeContext {
  /** The server's name, for messages. */
  readonly server: string;
  readonly limits: UpstreamLimits;
  /** How long after a request of the server no limit counts. */
  readonly inputMs: number;
  /** The request named a session, so HTTP 404 means that it is gone. */
  readonly inSession: boolean;
  /** Between two pieces of an answer that is no stream: `limits.idleMs` may be without end for those that are. */
  readonly bodyIdleMs: number;
  /** Every status is an answer, not a failure (GET stream, DELETE). */
  readonly anyStatus: boolean;
  readonly signal: CancelSignal | undefined;
}

/** A body that is read for its error, or read away, may be this long. */
const MAX_ASIDE_BYTES = 64 * 1024;
/** How long a stream may take to end after its reader has what it wanted. */
const LINGER_MS = 1_000;
/** Interim responses (HTTP 1xx) before the answer. */
const MAX_INTERIM_RESPONSES = 16;
const VISIBLE_ASCII = /^[\x21-\x7e]{1,4096}$/;

/** What the bytes that arrive are for. */
type Reading = 'nothing yet' | 'json' | 'no body' | 'error body' | 'stream' | 'rest' | 'finished';

/**
 * Reads the answer to one request as undici delivers it and settles the promise of {@link HttpExchange} once.
 * A plain handler rather than `pool.request`: no body stream object, no iterator, one timer.
 */
export class ExchangeHandler implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private readonly deadline: Deadline;
  private reading: Reading = 'nothing yet';
  private failure: UpstreamFailure | undefined;
  private settled = false;
  private status = 0;
  private headers: ResponseHeaders = {};
  private interim = 0;
  private received = 0;
  private readonly body = new ByteCollector();
  private queue: EventQueue | undefined;
  private parser: EventStreamParser | undefined;
  private sawResponse = false;

  constructor(
    private readonly context: ExchangeContext,
    private readonly resolve: (exchange: HttpExchange) => void,
    private readonly reject: (failure: Error) => void,
  ) {
    this.deadline = new Deadline(context.limits, (limit) => this.expire(limit));
    context.signal?.addEventListener('abort', this);
  }

  /** The caller's signal: EventListenerObject. */
  handleEvent(): void {
    this.fail('aborted', 'was given up on: the caller went away');
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.failure !== undefined) controller.abort(this.failure);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (this.failure !== undefined) return;
    if (status < 200) {
      this.interim += 1;
      if (this.interim > MAX_INTERIM_RESPONSES) this.fail('garbage', 'sent interim responses without end');
      return;
    }
    this.status = status;
    this.headers = headers;
    this.deadline.expectMore(status < 300 && isEventStream(headers) ? this.context.limits.idleMs : this.context.bodyIdleMs);
    const encoding = headers['content-encoding'];
    const sessionId = headers[Header.SESSION_ID];
    if (encoding !== undefined && encoding !== 'identity') {
      this.fail('garbage', 'answered with a content encoding, which was not asked for');
    } else if (sessionId !== undefined && !(typeof sessionId === 'string' && VISIBLE_ASCII.test(sessionId))) {
      this.fail('garbage', 'sent a session id that is not visible ASCII');
    } else if (status < 300) {
      this.readSuccess();
    } else {
      this.readRefusal();
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.failure !== undefined) return;
    this.deadline.touch();
    this.received += chunk.length;
    switch (this.reading) {
      case 'json':
        if (this.received > this.context.limits.maxMessageBytes) this.failTooLarge();
        else this.body.add(chunk);
        break;
      case 'stream':
        this.parser?.feed(chunk);
        break;
      case 'no body':
        this.fail('garbage', 'answered with neither application/json nor text/event-stream');
        break;
      case 'error body':
        if (this.received > MAX_ASIDE_BYTES) this.failWithStatus();
        else this.body.add(chunk);
        break;
      default:
        if (this.received > MAX_ASIDE_BYTES) this.finish(true);
    }
  }

  onResponseEnd(): void {
    if (this.failure !== undefined) return;
    switch (this.reading) {
      case 'json':
        this.answerWithJson();
        break;
      case 'no body':
        this.answer(undefined);
        break;
      case 'error body':
        this.failWithStatus(this.readError());
        break;
      default:
        this.queue?.end();
    }
    this.finish(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.failure !== undefined || this.reading === 'finished') return;
    if (this.reading === 'error body') {
      // A response that is a failure by its status stays that, whatever becomes of its body.
      this.failWithStatus();
    } else if (codeOf(error) === 'UND_ERR_INVALID_ARG') {
      this.stopWatching();
      this.reject(new TypeError(`The request to ${this.context.server} cannot be sent: ${error.message}.`));
    } else {
      const { code, what } = readTransportError(error, { started: this.controller !== undefined, connectMs: this.context.limits.connectMs });
      this.fail(code, what);
    }
  }

  private readSuccess(): void {
    const { headers, status } = this;
    if (status === 202 || status === 204 || (this.context.anyStatus && !isEventStream(headers))) {
      this.reading = 'rest';
      this.answer(undefined);
    } else if (isEventStream(headers)) {
      this.reading = 'stream';
      this.openStream();
    } else if (mediaTypeOf(headers) !== 'application/json') {
      this.reading = 'no body';
    } else if (Number(headers['content-length']) > this.context.limits.maxMessageBytes) {
      this.failTooLarge();
    } else {
      this.reading = 'json';
    }
  }

  private readRefusal(): void {
    if (this.status < 400) {
      this.fail('status', `answered with a redirect (HTTP ${this.status}), which is not followed`, this.status);
    } else if (this.context.anyStatus && !this.isSessionLost()) {
      this.reading = 'rest';
      this.answer(undefined);
    } else {
      this.reading = 'error body';
    }
  }

  private openStream(): void {
    const queue = new EventQueue({
      onFull: () => {
        this.deadline.hold();
        this.controller?.pause();
      },
      onDrained: () => {
        this.deadline.release();
        this.controller?.resume();
      },
      onReturn: () => this.linger(),
    });
    this.queue = queue;
    this.parser = createEventStreamParser(this.context.limits.maxMessageBytes, {
      onEvent: (event) => {
        if (event.kind === 'message') {
          if (isResponse(event.message)) this.sawResponse = true;
          else if (this.context.inputMs > 0 && isRequest(event.message)) this.deadline.suspend(this.context.inputMs);
        }
        queue.push(event);
      },
      onFailure: (code, what) => this.fail(code, what),
    });
    this.answer(undefined);
  }

  /** The reader has left: read the rest away where the answer has been given, otherwise close. */
  private linger(): void {
    if (this.reading !== 'stream') return;
    if (!this.sawResponse) {
      this.finish(true);
      return;
    }
    this.reading = 'rest';
    this.received = 0;
    this.deadline.release();
    this.deadline.expectMore(LINGER_MS);
    this.controller?.resume();
  }

  private answerWithJson(): void {
    const decoded = decodeMessages(this.body.take());
    if (isMalformed(decoded)) this.fail('garbage', decoded.malformed);
    else this.answer(decoded);
  }

  private answer(content: JsonRpcMessage | readonly JsonRpcMessage[] | undefined): void {
    this.settled = true;
    this.resolve(new ReceivedExchange(this.status, this.headers, content, this.queue));
  }

  private readError(): JsonRpcError | undefined {
    const decoded = decodeMessages(this.body.take());
    return isMalformed(decoded) || isBatch(decoded) || !isErrorResponse(decoded) ? undefined : decoded;
  }

  private isSessionLost(): boolean {
    return this.status === 404 && this.context.inSession;
  }

  private failWithStatus(error?: JsonRpcError): void {
    if (this.isSessionLost()) this.fail('session_lost', 'no longer knows the session (HTTP 404)', 404, error);
    else this.fail('status', `answered with HTTP ${this.status}`, this.status, error);
  }

  private failTooLarge(): void {
    this.fail('too_large', `sent a message larger than ${this.context.limits.maxMessageBytes} bytes`);
  }

  private expire(limit: TimeLimit): void {
    if (this.reading === 'error body') {
      this.failWithStatus();
    } else if (this.reading === 'rest') {
      this.finish(true);
    } else {
      const ms = limit === 'idleMs' && this.reading !== 'stream' ? this.context.bodyIdleMs : this.context.limits[limit];
      const what = { firstByteMs: `did not begin to answer within ${ms} ms`, idleMs: `sent nothing for ${ms} ms`, totalMs: `did not finish within ${ms} ms` };
      this.fail('timeout', what[limit]);
    }
  }

  private fail(code: UpstreamFailureCode, what: string, status?: number, error?: JsonRpcError): void {
    if (this.failure !== undefined || this.reading === 'finished') return;
    const failure = new UpstreamFailure(code, `The server "${this.context.server}" ${what}.`, status, error);
    this.failure = failure;
    if (!this.settled) this.reject(failure);
    this.queue?.end(failure);
    this.finish(true);
  }

  private finish(closeConnection: boolean): void {
    this.stopWatching();
    const wasFinished = this.reading === 'finished';
    this.reading = 'finished';
    if (closeConnection && !wasFinished) {
      this.failure ??= new UpstreamFailure('aborted', 'The answer was no longer wanted.');
      this.controller?.abort(this.failure);
    }
  }

  private stopWatching(): void {
    this.deadline.stop();
    this.context.signal?.removeEventListener('abort', this);
  }
}
