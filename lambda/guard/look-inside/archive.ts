import { Gunzip, Unzip, UnzipInflate } from 'fflate';

/** How far archives are looked into. */
export interface ArchiveLimits {
  /** Archives in archives. @default 2 */
  readonly maxDepth: number;
  /** Bytes of everything that is unpacked from one content. @default 8388608 */
  readonly maxBytes: number;
  /** Files in one archive. @default 256 */
  readonly maxEntries: number;
}

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { maxDepth: 2, maxBytes: 8 * 1024 * 1024, maxEntries: 256 };

/** An archive that cannot be looked into as far as would be needed: too large, too many files, encrypted, or broken. */
export class OpaqueArchive extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'OpaqueArchive';
  }
}

/**
 * The files in a zip or gzip archive. Stops in the middle of a file that is larger unpacked than is allowed.
 *
 * @throws OpaqueArchive
 */
export function unpack(bytes: Uint8Array, type: string, budget: { bytes: number }, { maxEntries }: ArchiveLimits): readonly Uint8Array[] {
  try {
    return type === 'application/gzip' ? [gunzip(bytes, budget)] : unzip(bytes, budget, maxEntries);
  } catch (error) {
    throw error instanceof OpaqueArchive ? error : new OpaqueArchive('an archive is broken or encrypted');
  }
}

function gunzip(bytes: Uint8Array, budget: { bytes: number }): Uint8Array {
  const parts: Uint8Array[] = [];
  const stream = new Gunzip((part) => void parts.push(spend(part, budget)));
  for (let at = 0; at < bytes.length; at += CHUNK) stream.push(bytes.subarray(at, at + CHUNK), at + CHUNK >= bytes.length);
  return Buffer.concat(parts);
}

/** Small, so that a chunk of a bomb unpacks to little before its size is seen. */
const CHUNK = 4096;

function unzip(bytes: Uint8Array, budget: { bytes: number }, maxEntries: number): readonly Uint8Array[] {
  const files: Uint8Array[] = [];
  let entries = 0;
  const stream = new Unzip((file) => {
    if (++entries > maxEntries) throw new OpaqueArchive(`an archive holds more than ${maxEntries} files`);
    const parts: Uint8Array[] = [];
    file.ondata = (error, part, final) => {
      if (error) throw new OpaqueArchive('an archive is broken or encrypted');
      parts.push(spend(part, budget));
      if (final) files.push(Buffer.concat(parts));
    };
    file.start();
  });
  stream.register(UnzipInflate);
  for (let at = 0; at < bytes.length; at += CHUNK) stream.push(bytes.subarray(at, at + CHUNK), at + CHUNK >= bytes.length);
  if (files.length < entries || entries === 0) throw new OpaqueArchive('an archive is broken or encrypted');
  return files;
}

function spend(part: Uint8Array, budget: { bytes: number }): Uint8Array {
  budget.bytes -= part.length;
  if (budget.bytes < 0) throw new OpaqueArchive('an archive is larger unpacked than is looked into');
  return part;
}
