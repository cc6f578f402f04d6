/** How soon something counts as unusual. */
export interface BehaviourSettings {
  /** Calls of a principal before its habits count; until then only what is too much for anybody is noticed (cold start). */
  readonly learnCalls: number;
  /** Deviations from the usual, in standard deviations, from which on something is unusual. */
  readonly sensitivity: number;
  /** Equal calls within about a minute that are a loop. */
  readonly loopCalls: number;
  /** Calls within about a minute that are too many for a principal that nothing is known of. */
  readonly coldCallsPerMinute: number;
  /** Bytes of an answer that are too many for a tool that nothing is known of. */
  readonly coldAnswerBytes: number;
  /** How fast what counts as usual may grow: doublings a day. Slower than this, an attacker has to wait. */
  readonly driftPerDay: number;
  /** In which time risk falls to half, milliseconds. */
  readonly riskHalfLifeMs: number;
  /** Failures of authentication from an address before a success that are suspicious. */
  readonly failuresBeforeSuccess: number;
  /** Principals, and pairs of principal and tool, that are remembered; the least recently seen are forgotten. */
  readonly maxPrincipals: number;
}

export const DEFAULT_BEHAVIOUR_SETTINGS: BehaviourSettings = {
  learnCalls: 50,
  sensitivity: 4,
  loopCalls: 15,
  coldCallsPerMinute: 240,
  coldAnswerBytes: 4 * 1024 * 1024,
  driftPerDay: 0.1,
  riskHalfLifeMs: 600_000,
  failuresBeforeSuccess: 5,
  maxPrincipals: 10_000,
};
