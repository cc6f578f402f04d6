/** Beginnings of files by which their type is told. */
const SIGNATURES: readonly (readonly [type: string, bytes: string])[] = [
  ['image/png', '\x89PNG'], ['image/jpeg', '\xff\xd8\xff'], ['image/gif', 'GIF8'], ['image/bmp', 'BM'], ['image/tiff', 'II*\0'], ['image/tiff', 'MM\0*'],
  ['application/pdf', '%PDF-'], ['application/zip', 'PK\x03\x04'], ['application/zip', 'PK\x05\x06'], ['application/gzip', '\x1f\x8b'], ['application/x-executable', '\x7fELF'], ['application/x-msdownload', 'MZ'],
  ['application/x-mach-binary', '\xcf\xfa\xed\xfe'], ['application/java-vm', '\xca\xfe\xba\xbe'], ['application/wasm', '\0asm'], ['application/x-7z-compressed', '7z\xbc\xaf'], ['application/vnd.rar', 'Rar!'],
  ['application/x-xz', '\xfd7zXZ'], ['application/zstd', '\x28\xb5\x2f\xfd'], ['application/x-bzip2', 'BZh'], ['audio/mpeg', 'ID3'], ['audio/ogg', 'OggS'], ['audio/flac', 'fLaC'], ['application/vnd.sqlite3', 'SQLite format 3'],
];

/** What the bytes are, as far as their beginning tells; `text/plain` where they are text. */
export function sniffType(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString('latin1');
  const signature = SIGNATURES.find(([, start]) => head.startsWith(start));
  if (signature) return signature[0];
  if (head.startsWith('RIFF')) return head.slice(8, 12) === 'WEBP' ? 'image/webp' : 'audio/wav';
  if (head.slice(4, 8) === 'ftyp') return 'video/mp4';
  if (/^\s{0,64}(?:<!doctype html|<html|<head|<body|<script|<iframe)/i.test(head)) return 'text/html';
  if (/^\s{0,64}(?:<\?xml[^>]{0,200}>\s{0,64})?<svg[\s>]/i.test(head)) return 'image/svg+xml';
  return isText(head) ? 'text/plain' : 'application/octet-stream';
}

/** No control characters but those of text. */
function isText(head: string): boolean {
   
  return !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(head);
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
