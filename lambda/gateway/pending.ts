/** Whether something has to be waited for, whoever made the promise: what is there already is gone on with at once. */
export function isPending<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === 'function';
}
