import { randomUUID } from 'node:crypto';
import type { JsonRpcResponse, RequestId } from '../../protocol';
import { checkAnswer } from '../inbound';
import { type CancelSignal, UpstreamFailure } from '../upstream';

/** Questions that were put to legacy clients of this instance and are not answered yet. */
export interface ClientQuestions {
  /** `answer` fails when none comes in time, or when `signal` aborts. `forget` has to be called in the end. */
  ask(session: string, method: string, signal: CancelSignal | undefined): { readonly id: RequestId; readonly answer: Promise<JsonRpcResponse>; forget(): void };
  /** Takes an answer from the session that was asked, and from no other. Answers what is wrong with it, where something is. */
  answer(session: string, response: JsonRpcResponse): string | undefined;
  readonly size: number;
}

interface Question {
  readonly session: string;
  readonly method: string;
  resolve(response: JsonRpcResponse): void;
}

/** @param inputMs how long an answer is waited for, milliseconds */
export function createClientQuestions(inputMs: number): ClientQuestions {
  const questions = new Map<RequestId, Question>();
  return {
    ask(session, method, signal) {
      const id = `mzt-${randomUUID()}`;
      let forget = () => {};
      const answer = new Promise<JsonRpcResponse>((resolve, reject) => {
        const abort = () => reject(new UpstreamFailure('aborted', 'the client gave the request up'));
        const timer = setTimeout(() => reject(new UpstreamFailure('timeout', 'the client did not answer in time')), inputMs);
        timer.unref();
        signal?.addEventListener('abort', abort, { once: true });
        questions.set(id, { session, method, resolve });
        forget = () => {
          questions.delete(id);
          clearTimeout(timer);
          signal?.removeEventListener('abort', abort);
        };
        if (signal?.aborted === true) abort();
      });
      answer.catch(() => {});
      return { id, answer, forget };
    },
    answer(session, response) {
      const { id } = response;
      const question = id === undefined || id === null ? undefined : questions.get(id);
      // Also where another instance asked: the client notices, instead of waiting for what never comes.
      if (question === undefined || question.session !== session) return 'no question with this id is open here';
      const problem = 'result' in response ? checkAnswer(question.method, response.result) : undefined;
      if (problem === undefined) question.resolve(response);
      return problem;
    },
    get size() {
      return questions.size;
    },
  };
}
