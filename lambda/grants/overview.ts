import type { DocumentStore } from '../stores';
import type { Grant } from './grant';
import { createGrantStore } from './grant-store';
import { asOf } from './life-cycle';
import { createMarkStore, type Mark } from './marks';

/** Every grant as it is at one moment, and what is blocked: for those who run the gateway, and so may see all of it. */
export interface GrantOverview {
  /** The newest first. */
  readonly grants: readonly Grant[];
  readonly blocks: readonly Mark[];
}

/** @param now Milliseconds since the epoch. */
export async function readGrantOverview(store: DocumentStore, now: number): Promise<GrantOverview> {
  const [marks, stored] = await Promise.all([createMarkStore(store).read(), createGrantStore(store, 0).list()]);
  const grants = stored.map(({ grant }) => {
    const { principal, server, tool } = grant.terms;
    return asOf(grant, now, marks.generationOf(principal, server, tool));
  });
  return { grants: grants.sort((a, b) => b.requestedAt - a.requestedAt), blocks: marks.all.filter(({ blocked }) => blocked) };
}
