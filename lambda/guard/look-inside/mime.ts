/** Beginnings of files by which their type is told. */
const SIGNATURES: readonly (readonly [type: string, bytes: string])[] = [
  ['image/png', '\x89PNG'], ['image/jpeg', '\xff\xd8\xff'], ['image/gif', 'GIF8'], ['image/bmp', 'BM'], ['image/tiff', 'II*\0'], ['image/tiff', 'MM\0*'],
  ['application/pdf', '%PDF-'], ['application/zip', 'PK\x03\x04'], ['application/zip', 'PK\x05\x06'], ['application/gzip', '\x1f\x8b'], ['application/x-executable', '\x7fELF'], ['application/x-msdownload', 'MZ'],
  ['application/x-mach-binary', '\xcf\xfa\xed\xfe'], ['application/java-vm', '\xca\xfe\xba\xbe'], ['application/wasm', '\0asm'], ['application/x-7z-compressed', '7z\xbc\xaf'], ['application/vnd.rar', 'Rar!'],
  ['application/x-xz', '\xfd7zXZ'], ['application/zstd', '\x28\xb5\x2f\xfd'], ['application/x-bzip2', 'BZh'], ['audio/mpeg', 'ID3'], ['audio/ogg', 'OggS'], ['audio/flac', 'fLaC'], ['application/vnd.sqlite3', 'SQLite format 3'],
];

const BY_FIRST_BYTE: readonly (typeof SIGNATURES | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const signatures = SIGNATURES.filter(([, start]) => start.charCodeAt(0) === byte);
  return signatures.length === 0 ? undefined : signatures;
});

const [LESS_THAN, LETTER_F, LETTER_R] = [0x3c, 0x66, 0x52];
const HEAD = 512;

/** What the bytes are, as far as their beginning tells; `text/plain` where they are text. */
export function sniffType(bytes: Uint8Array): string {
  const [first = -1] = bytes;
  const isMarkup = firstOfText(bytes) === LESS_THAN;
  const signatures = BY_FIRST_BYTE[first];
  if (isMarkup || signatures !== undefined || first === LETTER_R || bytes[4] === LETTER_F) {
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD)).toString('latin1');
    const signature = signatures?.find(([, start]) => head.startsWith(start));
    if (signature) return signature[0];
    if (head.startsWith('RIFF')) return head.slice(8, 12) === 'WEBP' ? 'image/webp' : 'audio/wav';
    if (head.slice(4, 8) === 'ftyp') return 'video/mp4';
    if (isMarkup && /^\s{0,64}(?:<!doctype html|<html|<head|<body|<script|<iframe)/i.test(head)) return 'text/html';
    if (isMarkup && /^\s{0,64}(?:<\?xml[^>]{0,200}>\s{0,64})?<svg[\s>]/i.test(head)) return 'image/svg+xml';
  }
  return isText(bytes) ? 'text/plain' : 'application/octet-stream';
}

/** The first byte that is no space. */
function firstOfText(bytes: Uint8Array): number {
  let at = 0;
  while (at < 64 && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d) || bytes[at] === 0xa0)) at++;
  return bytes[at] ?? -1;
}

/** No control characters but those of text. */
function isText(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, HEAD);
  for (let at = 0; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < 0x20 && (byte <= 0x08 || byte >= 0x0e) && byte !== 0x1b) return false;
  }
  return true;
}

/** Types that run, or that show as a page: never behind another name. */
const ACTIVE: ReadonlySet<string> = new Set(['text/html', 'image/svg+xml', 'application/x-executable', 'application/x-msdownload', 'application/x-mach-binary', 'application/java-vm', 'application/wasm']);

/** Families whose files are told by their beginning, so that a claim can be checked. */
const TELLING = /^(?:image|audio|video)\/|^application\/(?:pdf|zip|gzip|json|wasm)/;

/**
 * Whether content that claims to be `claimed` is something else: an image that is a page, a text that is a program. A claim that
 * says nothing (`application/octet-stream`, none) hides nothing.
 */
export function contradictsType(claimed: string | undefined, found: string): boolean {
  const claim = claimed?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (claim === '' || claim === found) return false;
  if (ACTIVE.has(found)) return !(found === 'image/svg+xml' && claim.endsWith('xml')) && !(found === 'text/html' && /xhtml|text\/(?:plain|markdown|x-)/.test(claim)) && claim !== 'application/octet-stream';
  if (!TELLING.test(claim)) return false;
  if (claim === 'image/svg+xml' || claim === 'application/json') return found !== 'text/plain';
  const [family] = claim.split('/');
  if (family === 'image' || family === 'audio' || family === 'video') return found === 'text/plain' || (found.startsWith('image/') && family !== 'image') || /^application\/(?:pdf|zip|gzip)/.test(found);
  return found === 'text/plain' || found.startsWith('image/');
}
