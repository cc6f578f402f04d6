import type { PeerOutcome } from './peers';
import { wilson, type Judged, type Share } from './statistics';

/** How a scanner did, or why it did not. */
export type PeerFigures =
  | { readonly name: string; readonly hit: string; readonly recall: Share; readonly falsePositives: Share; readonly milliseconds: number }
  | { readonly name: string; readonly hit: string; readonly failure: string };

/** @param judged in the order in which the peer was asked */
export function peerFigures(outcome: PeerOutcome, judged: readonly Judged[]): PeerFigures {
  const { name, version, hit } = outcome.peer;
  const title = `${name} ${version}`;
  if ('failure' in outcome) return { name: title, hit, failure: outcome.failure };
  const share = (malicious: boolean) => {
    const part = judged.map((one, i) => ({ malicious: one.malicious, flagged: outcome.flagged[i]! })).filter((one) => one.malicious === malicious);
    return wilson(part.filter(({ flagged }) => flagged).length, part.length);
  };
  return { name: title, hit, recall: share(true), falsePositives: share(false), milliseconds: outcome.milliseconds / judged.length };
}
