import { posix } from 'node:path';
import type { PathRules } from './rules';

/** Encodings within encodings are followed this far; what is encoded deeper is refused. */
const MAX_DECODINGS = 6;

/** Characters that are or become a slash, a backslash or a dot somewhere. */
const LOOKALIKES: readonly (readonly [RegExp, string])[] = [
  [/[\u2215\u2044\uff0f\u29f8\u2571]/g, '/'],
  [/[\uff3c\u2216\u29f5\u29f9\ufe68]/g, '\\'],
  [/[\u2024\uff0e\ufe52]/g, '.'],
  [/\u2025/g, '..'],
  [/\u2026/g, '...'],
];

/**
 * What is wrong with a path, in a few words; `undefined` where nothing is. It is read as the most lenient server could read it:
 * percent-encoded once or several times, in overlong UTF-8, with backslashes, with look-alikes. Links on the server's disk are
 * not to be seen from here.
 */
export function pathProblem(value: string, { roots, allowRelative = true }: PathRules = {}): string | undefined {
  const readings = readingsOf(value);
  if (readings === undefined) return 'must not be encoded again and again';
  for (const reading of readings) {
    if (reading.includes('\0')) return 'must not hold a zero character';
    const problem = traversal(reading) ?? (roots === undefined ? undefined : outside(reading, roots, allowRelative));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Every form that the value takes when it is decoded until it stays the same. */
function readingsOf(value: string): readonly string[] | undefined {
  const found = [folded(value)];
  let current = value;
  for (let i = 0; i < MAX_DECODINGS; i++) {
    const next = decoded(current);
    if (next === current) return found;
    found.push(folded(next));
    current = next;
  }
  return undefined;
}

function folded(value: string): string {
  return LOOKALIKES.reduce((text, [pattern, plain]) => text.replace(pattern, plain), value);
}

/** Percent escapes, `%uXXXX`, and the overlong forms of dot, slash and backslash. */
function decoded(value: string): string {
  return value
    .replaceAll(/%(?:c0%ae|e0%80%ae|f0%80%80%ae)/gi, '.')
    .replaceAll(/%(?:c0%af|e0%80%af|c0%2f|f0%80%80%af)/gi, '/')
    .replaceAll(/%(?:c1%9c|c0%5c|e0%81%9c)/gi, '\\')
    .replaceAll(/%u([0-9a-f]{4})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))
    .replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return Buffer.from(run.replaceAll('%', ''), 'hex').toString('latin1');
      }
    });
}

function segmentsOf(path: string): readonly string[] {
  return path.split(/[/\\]+/);
}

function traversal(path: string): string | undefined {
  for (const segment of segmentsOf(path)) {
    // Windows takes trailing dots and spaces away; `....//` becomes `../` where a filter takes `../` away once.
    const bare = segment.trim();
    if (bare.startsWith('..') && (/^[.\s]+$/.test(bare) || /^\.{2,}[;:\s]/.test(bare))) return 'must not climb out of its folder';
  }
  return undefined;
}

function outside(path: string, roots: readonly string[], allowRelative: boolean): string | undefined {
  const plain = path.replace(/^file:\/\/(?:localhost)?(?=\/)/i, '');
  if (/^[a-z][a-z0-9+.-]{1,30}:\/\//i.test(plain)) return 'must be a path, not a URL';
  if (/^~/.test(plain)) return 'must not begin in a home folder';
  const slashed = plain.replaceAll('\\', '/');
  const isAbsolute = slashed.startsWith('/') || /^[A-Za-z]:/.test(slashed);
  if (/^\/\//.test(slashed)) return 'must not be on another machine';
  if (!isAbsolute && !allowRelative) return 'must be absolute';
  const canonical = isAbsolute ? posix.normalize(slashed) : posix.join(roots[0] ?? '/', slashed);
  const isInside = roots.some((root) => canonical === trimmed(root) || canonical.startsWith(`${trimmed(root)}/`));
  return isInside ? undefined : 'must lie in a folder that is allowed';
}

function trimmed(root: string): string {
  return posix.normalize(root.replaceAll('\\', '/')).replace(/\/$/, '');
}
