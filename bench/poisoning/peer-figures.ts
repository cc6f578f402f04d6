import type { PeerOutcome } from './peers';
import { wilson, type Judged, type Share } from './statistics';

/** How a scanner did, or why it did not. */
export type PeerFigures =
  | { readonly name: string; readonly hit: string; readonly recall: Share; readonly falsePositives: Share; readonly heldOut: { readonly recall: Share; readonly falsePositives: Share }; readonly milliseconds: number }
  | { readonly name: string; readonly hit: string; readonly failure: string };

/** @param judged in the order in which the peer was asked; `heldOut` were asked about after them */
export function peerFigures(outcome: PeerOutcome, judged: readonly Judged[], heldOut: readonly { readonly malicious: boolean }[]): PeerFigures {
  const { name, version, hit } = outcome.peer;
  const title = `${name} ${version}`;
  if ('failure' in outcome) return { name: title, hit, failure: outcome.failure };
  const shares = (asked: readonly { readonly malicious: boolean }[], from: number) => {
    const share = (malicious: boolean) => {
      const flags = asked.flatMap((one, i) => (one.malicious === malicious ? [outcome.flagged[from + i]!] : []));
      return wilson(flags.filter(Boolean).length, flags.length);
    };
    return { recall: share(true), falsePositives: share(false) };
  };
  return { name: title, hit, ...shares(judged, 0), heldOut: shares(heldOut, judged.length), milliseconds: outcome.milliseconds / (judged.length + heldOut.length) };
}
