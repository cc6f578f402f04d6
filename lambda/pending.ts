/** Whether something has to be waited for, whoever made the promise: what is there already is gone on with at once. */
export function isPending<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === 'function';
}

/** What `next` makes of `value`: at once where that is there already. */
export function whenThere<In, Out>(value: In | Promise<In>, next: (value: In) => Out | Promise<Out>): Out | Promise<Out> {
  return isPending(value) ? value.then(next) : next(value);
}
