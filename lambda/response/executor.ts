import type { JsonObject } from '../protocol';
import type { Action, ActionKind } from './action';
import type { Incident } from './incident';
import type { ActionRecord } from './record';

/** How something was before it was contained: enough to put it back exactly so. */
export interface Before {
  /** For people: `it is approved`. */
  readonly is: string;
  /** Others had contained it already: then nothing is done, and nothing taken back. */
  readonly contained: boolean;
  /** What the executor needs to put it back. */
  readonly value: JsonObject;
}

/** Why something is done or taken back, for the history of whatever it is done to. */
export interface Cause {
  readonly incident: Incident;
  /** All that is planned against the incident, and where it stood when this began. */
  readonly actions: readonly ActionRecord[];
  /** Who decided: `RESPONDER`, or a person. */
  readonly by: string;
  readonly why: string;
}

/**
 * Carries out one kind of action, and takes it back. `apply` and `undo` may be called any number of times, also after they were
 * interrupted: what is so already is left as it is. Each answers with one sentence on what it did.
 */
export interface Executor<A extends Action = Action> {
  /** How it is now. Changes nothing. */
  observe(action: A): Promise<Before>;
  apply(action: A, before: Before, cause: Cause): Promise<string>;
  /** What others changed since is left to them. */
  undo(action: A, before: Before, cause: Cause): Promise<string>;
}

/** Who carries out what. A kind without an executor cannot be carried out here, which is said and fails the playbook. */
export type Executors = { readonly [K in ActionKind]?: Executor<Extract<Action, { readonly kind: K }>> };

/** The name under which the response acts by itself, in every history. */
export const RESPONDER = 'incident-response';
