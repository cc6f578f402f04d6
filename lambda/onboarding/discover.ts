import { randomUUID } from 'node:crypto';
import type { ProbeResult } from '../discovery/probe';
import { sightingsOf } from '../discovery/sightings';
import { subjectId } from '../integrity';
import type { JsonObject, JsonValue } from '../protocol';
import { DocumentTooLarge, type DocumentStore } from '../stores';

/** What was found by asking the servers. The definitions themselves wait in the store: a workflow passes on only so much. */
export interface Discovery {
  /** Names the definitions that were found, for the scan. */
  readonly run: string;
  readonly servers: readonly DiscoveredServer[];
}

export interface DiscoveredServer {
  readonly server: string;
  /** How many definitions it offers. */
  readonly offers: number;
  /** Why it could not be asked. @default - it could */
  readonly failure?: string;
  /** Ids of definitions that are too large to be kept, and so never approved. @default - none */
  readonly tooLarge?: readonly string[];
}

export interface DiscoverOptions {
  readonly store: DocumentStore;
  /** Asks every server what it offers. */
  readonly ask: () => Promise<ReadonlyMap<string, ProbeResult>>;
  /** Hears of each server once it was asked. */
  readonly report?: (server: DiscoveredServer) => void;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** How long what was found waits for its scan, milliseconds. */
const KEPT_MS = 86_400_000;
const MAX_NAMED = 10;

export const offersOf = (run: string): string => `offers/${run}`;

/** Asks all servers and keeps what they offer for the scan. Decides nothing: it is the one step that talks to them. */
export function createDiscover({ store, ask, report = () => undefined, clock = Date.now }: DiscoverOptions): () => Promise<Discovery> {
  async function keep(run: string, server: string, result: ProbeResult): Promise<DiscoveredServer> {
    if (!result.ok) return { server, offers: 0, failure: result.reason };
    const sightings = sightingsOf(server, result);
    const tooLarge: string[] = [];
    const removeAfter = clock() + KEPT_MS;
    for (const { subject, definition } of sightings) {
      const id = subjectId(subject);
      try {
        await store.put(offersOf(run), id, { definition } satisfies { definition: JsonValue } as JsonObject, 0, { removeAfter });
      } catch (error) {
        if (!(error instanceof DocumentTooLarge)) throw error;
        tooLarge.push(id);
      }
    }
    return { server, offers: sightings.length, ...(tooLarge.length === 0 ? {} : { tooLarge: tooLarge.slice(0, MAX_NAMED) }) };
  }

  return async () => {
    const run = `${new Date(clock()).toISOString()} ${randomUUID()}`;
    const results = await ask();
    const servers = await Promise.all([...results].map(([server, result]) => keep(run, server, result)));
    servers.forEach(report);
    return { run, servers };
  };
}
