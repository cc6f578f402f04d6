import type { Registry } from '../detection';
import { observeAll, registryOf, type Sighting } from '../discovery';
import { parseSubject, type LifeCycleState, type ToolRegistry } from '../integrity';
import type { JsonValue } from '../protocol';
import type { DocumentStore } from '../stores';
import { offersOf } from './discover';

/** How many definitions are in which state now. */
export type ScanSummary = Readonly<Partial<Record<LifeCycleState, number>>>;

export interface ScanStepOptions {
  readonly store: DocumentStore;
  /** A registry whose scan compares with what `compareWith` was told last. */
  readonly registry: ToolRegistry;
  readonly compareWith: (offered: Registry) => void;
}

/** Who takes the steps, in the history. */
export const DISCOVERY = 'discovery';

/** Notes in the registry what a discovery found; what is new is scanned, what changed goes into quarantine (TD-2, TD-4). */
export function createScanStep({ store, registry, compareWith }: ScanStepOptions): (input: { readonly run: string }) => Promise<ScanSummary> {
  return async ({ run }) => {
    const sightings = (await store.list(offersOf(run))).map(({ id, value }): Sighting => ({ subject: parseSubject(id), definition: value.definition as JsonValue }));
    compareWith(registryOf(sightings));
    const summary: Partial<Record<LifeCycleState, number>> = {};
    for (const { record } of await observeAll(registry, sightings, DISCOVERY)) summary[record.state] = (summary[record.state] ?? 0) + 1;
    return summary;
  };
}
