/**
 * A queue of bounded length that one consumer iterates. `push` answers false when it is full, so that a flooding
 * producer is noticed instead of filling the memory.
 */
export interface EventQueue<T> extends AsyncIterable<T> {
  push(value: T): boolean;
  /** Ends the iteration after what is queued, with `error` where given. */
  end(error?: Error): void;
}

/** @param onReturn called once when the consumer stops before the end */
export function createEventQueue<T>(maxLength: number, onReturn: () => void = () => {}): EventQueue<T> {
  const values: T[] = [];
  let ended = false;
  let failure: Error | undefined;
  let waiting: { resolve(result: IteratorResult<T>): void; reject(error: Error): void } | undefined;

  const iterator: AsyncIterator<T> = {
    next() {
      const value = values.shift();
      if (value !== undefined) return Promise.resolve({ value, done: false });
      if (!ended) return new Promise((resolve, reject) => (waiting = { resolve, reject }));
      const error = failure;
      failure = undefined;
      return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
    },
    return() {
      if (!ended) {
        ended = true;
        onReturn();
      }
      values.length = 0;
      waiting?.resolve({ value: undefined, done: true });
      waiting = undefined;
      return Promise.resolve({ value: undefined, done: true });
    },
  };

  return {
    push(value) {
      if (ended) return true;
      if (waiting !== undefined) {
        waiting.resolve({ value, done: false });
        waiting = undefined;
        return true;
      }
      if (values.length >= maxLength) return false;
      values.push(value);
      return true;
    },
    end(error) {
      if (ended) return;
      ended = true;
      if (waiting === undefined) {
        failure = error;
        return;
      }
      if (error === undefined) waiting.resolve({ value: undefined, done: true });
      else waiting.reject(error);
      waiting = undefined;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
}
