import type { JsonObject } from '../protocol';

/** A tool call before it is decided on. */
export interface ObservedCall {
  /** Who, as one text: no two principals share it. */
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  /** Of the arguments, as the audit event has it: equal for equal ones. */
  readonly argumentsDigest: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Says how far a call is from what is usual. */
export interface Assessor {
  /** Risk from 0, as usual, to 100. Takes the call into account for those that follow. */
  assess(call: ObservedCall): number;
}
