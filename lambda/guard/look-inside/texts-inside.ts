import { DEFAULT_ARCHIVE_LIMITS, OpaqueArchive, unpack, type ArchiveLimits } from './archive';
import { sniffType } from './mime';

/** What was found inside of binary data. */
export interface Inside {
  readonly type: string;
  /** Texts in it: itself where it is text, the files of an archive, and the readable parts of anything else. */
  readonly texts: readonly string[];
  /** Why it could not be looked into to its end. */
  readonly opaque?: string;
}

/** Texts in binary data, archives in it looked into to a bounded depth. Never throws. */
export function textsInside(bytes: Uint8Array, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS): Inside {
  const texts: string[] = [];
  const type = sniffType(bytes);
  try {
    collect(bytes, 0, { bytes: limits.maxBytes }, limits, texts);
    return { type, texts };
  } catch (error) {
    return { type, texts, opaque: error instanceof OpaqueArchive ? error.message : 'it cannot be read' };
  }
}

function collect(bytes: Uint8Array, depth: number, budget: { bytes: number }, limits: ArchiveLimits, texts: string[]): void {
  const type = sniffType(bytes);
  if (type === 'application/zip' || type === 'application/gzip') {
    if (depth >= limits.maxDepth) throw new OpaqueArchive(`archives are nested more than ${limits.maxDepth} deep`);
    for (const file of unpack(bytes, type, budget, limits)) collect(file, depth + 1, budget, limits, texts);
  } else if (type.startsWith('text/') || type === 'image/svg+xml') {
    texts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  } else {
    const readable = readableParts(bytes);
    if (readable !== '') texts.push(readable);
  }
}

const SHORTEST = 12;

/** Runs of printable characters, one a line, also those with a zero byte after each (UTF-16). */
function readableParts(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const narrow = text.match(/[\t\n\r\x20-\x7e]{12,}/g) ?? [];
   
  const wide = (text.match(/(?:[\x20-\x7e]\0){12,}/g) ?? []).map((run) => run.replaceAll('\0', ''));
  return [...narrow, ...wide].filter((run) => run.length >= SHORTEST).join('\n');
}
