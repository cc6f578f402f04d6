import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';
import { parseJson } from './redaction';

import { LRUCache } from 'lru-cache';

const HOUR_MS = 3_600_000;
const MAX_PRINCIPALS = 10_000;
const MAX_TOOLS = 5_000;
/** Results of a tool before its usual size is known. */
const ENOUGH = 8;
/** A result below this is usual for any tool. */
const NEVER_UNUSUAL = 64 * 1024;

/** How much came back, for whom and from what (DLP-3). What one instance sees. */
export class SizeMeter {
  private readonly hours = new LRUCache<string, { since: number; bytes: number }>({ max: MAX_PRINCIPALS });
  private readonly usual = new LRUCache<string, { mean: number; seen: number }>({ max: MAX_TOOLS });

  constructor(private readonly clock: () => number) {}

  /** Whether `bytes` more within the hour are within `most`; counts them where they are. */
  take(key: string, bytes: number, most: number): boolean {
    const now = this.clock();
    let hour = this.hours.get(key);
    if (hour === undefined || now - hour.since >= HOUR_MS) {
      hour = { since: now, bytes: 0 };
      this.hours.set(key, hour);
    }
    if (hour.bytes + bytes > most) return false;
    hour.bytes += bytes;
    return true;
  }

  /** Whether a result of the tool is larger than its usual ones by `factor`; learns from it. */
  isUnusual(tool: string, bytes: number, factor: number): boolean {
    const known = this.usual.get(tool) ?? { mean: 0, seen: 0 };
    const unusual = known.seen >= ENOUGH && bytes > NEVER_UNUSUAL && bytes > factor * known.mean;
    const seen = known.seen + 1;
    this.usual.set(tool, { seen, mean: known.mean + (bytes - known.mean) / Math.min(seen, 64) });
    return unusual;
  }
}

/** A result whose texts are cut to a length each, other than JSON, of which a part says nothing. */
export function truncated(value: JsonObject, maxLength: number, note: (pointer: string) => void): JsonObject {
  if (!Array.isArray(value.content)) return value;
  let changed = false;
  const content = value.content.map((block, index) => {
    if (!isJsonObject(block) || block.type !== 'text' || typeof block.text !== 'string' || block.text.length <= maxLength || parseJson(block.text) !== undefined) return block;
    changed = true;
    note(`/content/${index}/text`);
    const mark = `\n[cut: ${block.text.length - maxLength} more characters]`;
    return { ...block, text: block.text.slice(0, Math.max(0, maxLength - mark.length)) + mark };
  });
  return changed ? { ...value, content } : value;
}

/** Bytes of all texts and names, with what JSON puts around them; line breaks count as one. */
export function sizeOf(value: JsonValue | undefined): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 3;
  if (Array.isArray(value)) return value.reduce((sum: number, element) => sum + sizeOf(element), 2);
  if (!isJsonObject(value)) return 6;
  let sum = 2;
  for (const key of Object.keys(value)) sum += key.length + 3 + sizeOf(value[key]);
  return sum;
}
