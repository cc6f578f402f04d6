import { LRUCache } from 'lru-cache';

/** Something that holds for some time, in milliseconds since the epoch. */
export interface Believed {
  readonly believedUntil: number;
}

/**
 * What was found out about tokens, by resource and by the `Authorization` header as it came: hashing a header of a kilobyte takes longer than
 * most checks of a call. A header is kept for as long as what it stands for is believed, and in memory alone.
 */
export class RecentTokens<Found extends Believed> {
  private readonly byResource = new Map<string, LRUCache<string, Found>>();

  constructor(
    private readonly maxOfEach: number,
    private readonly clock: () => number,
  ) {}

  get(resource: string, authorization: string | null): Found | undefined {
    const found = authorization === null ? undefined : this.byResource.get(resource)?.get(authorization);
    return found !== undefined && this.clock() < found.believedUntil ? found : undefined;
  }

  remember(resource: string, authorization: string | null, found: Found): void {
    const ttl = found.believedUntil - this.clock();
    if (authorization === null || ttl <= 0) return;
    const known = this.byResource.get(resource) ?? new LRUCache({ max: this.maxOfEach, ttl, ttlAutopurge: true, ttlResolution: 0, perf: { now: this.clock } });
    this.byResource.set(resource, known);
    known.set(authorization, found, { ttl });
  }
}
