import { randomUUID } from 'node:crypto';
import { ErrorCode, errorResponse, type JsonRpcMessage, type JsonRpcNotification, type JsonRpcRequest, type JsonRpcResponse, type RequestId } from '../../protocol';
import { checkAnswer } from '../inbound';
import type { EventQueue } from '../upstream';

/** Whom a question is put to. */
export interface Asked {
  /** Only this view may answer. */
  readonly view: string;
  /** Where its client reads the question. */
  readonly queue: EventQueue;
  /** The question is over, after so many milliseconds, whether it was answered or not. */
  onClosed?(waitedMs: number): void;
}

interface Question extends Asked {
  readonly upstreamId: RequestId;
  readonly method: string;
  readonly askedAt: number;
  readonly timer: NodeJS.Timeout;
}

/** Questions of one process that are not answered yet. */
const MAX_QUESTIONS = 100;

/** What a process has asked clients and has no answer to, each under an id that nobody can guess. */
export class ProcessQuestions {
  private readonly open = new Map<RequestId, Question>();

  /** @param inputMs how long a question waits for its answer, milliseconds */
  constructor(
    private readonly inputMs: number,
    private readonly tell: (message: JsonRpcMessage) => void,
  ) {}

  get isFull(): boolean {
    return this.open.size >= MAX_QUESTIONS;
  }

  put(message: JsonRpcRequest, asked: Asked): void {
    const id = `mzt-${randomUUID()}`;
    const timer = setTimeout(() => {
      this.close(id);
      this.refuse(message.id, 'the client did not answer in time');
    }, this.inputMs);
    timer.unref();
    this.open.set(id, { ...asked, upstreamId: message.id, method: message.method, askedAt: Date.now(), timer });
    push(asked.queue, { ...message, id });
  }

  /** Passes an answer on, where it is one to a question of this view. Answers what is wrong with it, where something is. */
  answer(view: string, response: JsonRpcResponse): string | undefined {
    const { id } = response;
    const question = id === undefined || id === null ? undefined : this.open.get(id);
    if (question === undefined || id === undefined || id === null || question.view !== view) return undefined;
    const problem = 'result' in response ? checkAnswer(question.method, response.result) : undefined;
    if (problem !== undefined) return problem;
    this.close(id);
    this.tell({ ...response, id: question.upstreamId });
    return undefined;
  }

  /** The process no longer wants an answer. */
  withdraw(message: JsonRpcNotification): void {
    const withdrawn = [...this.open].find(([, { upstreamId }]) => upstreamId === message.params?.requestId);
    if (withdrawn === undefined) return;
    const [id, { queue }] = withdrawn;
    this.close(id);
    push(queue, { ...message, params: { ...message.params, requestId: id } });
  }

  refuse(id: RequestId, message: string): void {
    this.tell(errorResponse(id, { code: ErrorCode.METHOD_NOT_FOUND, message }));
  }

  /** The process is gone, and nobody waits any more. */
  forget(): void {
    for (const { timer } of this.open.values()) clearTimeout(timer);
    this.open.clear();
  }

  private close(id: RequestId): void {
    const question = this.open.get(id);
    if (question === undefined) return;
    this.open.delete(id);
    clearTimeout(question.timer);
    question.onClosed?.(Date.now() - question.askedAt);
  }
}

/** A reader who is far behind misses what comes meanwhile: the server cannot be made to wait for one client alone. */
export function push(queue: EventQueue | undefined, message: JsonRpcMessage): void {
  if (queue?.full === false) queue.push({ kind: 'message', message });
}
