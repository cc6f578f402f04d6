/** What is wrong with one argument. Names parameters and rules of the tool, never a value that was sent. */
export interface ArgumentProblem {
  /** JSON Pointer into the arguments (RFC 6901); empty for the arguments as a whole. */
  readonly pointer: string;
  readonly message: string;
}

export type ArgumentReason =
  /** Not what the tool's input schema asks for (IOV-1, IOV-2, IOV-3). */
  | 'invalid_argument'
  /** A field that the schema does not know (IOV-4). */
  | 'unknown_argument'
  /** A character that hides or reorders text, or controls a terminal (IOV-6). */
  | 'forbidden_character'
  /** Two names that are one after normalisation (IOV-6). */
  | 'ambiguous_name'
  /** More nesting, values or text than the limits allow (IOV-2). */
  | 'too_large'
  /** Checking it would take too long (IOV-2). */
  | 'too_costly';

/** One step of a JSON Pointer. */
export function pointerStep(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
