import type { Registry } from '../detection';
import { knownSightings, registryOf, rescanAll } from '../discovery';
import { pendingPin, type StoredRecord, type ToolRegistry } from '../integrity';
import type { Reviews } from './reviews';
import type { Workflows } from './workflow';

export interface RescanStepOptions {
  readonly registry: ToolRegistry;
  readonly compareWith: (known: Registry) => void;
  readonly reviews: Reviews;
  readonly workflows: Workflows;
  /** How long before an approval ends its renewal is asked for (TV-4), milliseconds. */
  readonly renewalNoticeMs: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

export interface RescanSummary {
  readonly known: number;
  /** Reviews that were started: nobody had been asked yet. */
  readonly started: number;
}

const SCHEDULE = 'schedule';

/**
 * Scans all that is known again with the detector of today, and sees to it that somebody is asked about everything that needs
 * a decision, approvals that end soon among it (TV-4): what was missed when it happened is made up for here.
 */
export function createRescanStep({ registry, compareWith, reviews, workflows, renewalNoticeMs, clock = Date.now }: RescanStepOptions): () => Promise<RescanSummary> {
  async function isAsked({ id, record }: StoredRecord): Promise<boolean> {
    const open = await reviews.find(id);
    return open !== undefined && open.pin === record.pin && (await workflows.isRunning(open.execution));
  }

  return async () => {
    compareWith(registryOf(await knownSightings(registry)));
    const known = await rescanAll(registry, SCHEDULE);
    let started = 0;
    for (const stored of known) {
      const pin = pendingPin(stored.record, clock() + renewalNoticeMs);
      if (pin === undefined || (await isAsked(stored))) continue;
      await workflows.startReview({ subject: stored.id, pin });
      started += 1;
    }
    return { known: known.length, started };
  };
}
