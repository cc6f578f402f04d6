import type { Scanner} from '../recognisers';
import { type DataClass } from '../recognisers';
import { base64Runs } from '../../detection/content';
import { DEFAULT_ARCHIVE_LIMITS, percentRuns, textsInside, type ArchiveLimits } from '../look-inside';
import type { Edit } from './edits';
import { hiddenEdits } from './hidden';
import { activeMarkup } from './markup';
import type { DataAction, EffectiveRules, ResultPolicy } from './policy';
import type { Tokeniser } from './tokens';

/** A change with the reason for it. */
export interface FoundEdit extends Edit {
  readonly category: DataClass | 'markup' | 'hidden' | 'type';
  readonly id: string;
  readonly action: DataAction;
}

/** What texts are inspected with, for one principal. */
export interface Inspection {
  readonly scanner: Scanner;
  readonly policy: ResultPolicy;
  readonly rules: EffectiveRules;
  readonly tokeniser: Tokeniser | undefined;
}

/** What stands where something was removed. */
export function marker(id: string): string {
  return `[removed:${id}]`;
}

/** Data of this length in base64 are looked into; shorter ones hold no secret that is one. */
const LEAST_ENCODED = 24;
const MAX_ENCODED = 64;
const DEEPEST = 3;

/** Everything in a text that must not pass as it is. Pure; `name` is the member that holds the text. */
export function inspectText(text: string, name: string | undefined, inspection: Inspection): readonly FoundEdit[] {
  const found: FoundEdit[] = [...dataEdits(text, name, inspection), ...encodedEdits(text, inspection, 0)];
  const { markup = 'redact', hidden = 'redact', linkHosts } = inspection.policy;
  if (markup !== 'allow') for (const { id, start, end } of activeMarkup(text, linkHosts)) found.push({ category: 'markup', id, action: markup, start, end, replacement: marker(id) });
  if (hidden !== 'allow') for (const edit of hiddenEdits(text)) found.push({ category: 'hidden', id: 'invisible', action: hidden, ...edit });
  return found;
}

/** Data that recognisers find, with what the rules say of them; what is allowed is left out. */
export function dataEdits(text: string, name: string | undefined, { scanner, rules, tokeniser }: Inspection): readonly FoundEdit[] {
  const found: FoundEdit[] = [];
  for (const { recogniser, dataClass, start, end } of scanner.scan(text, { name })) {
    const action = rules.actionFor(dataClass, recogniser);
    if (action === 'allow') continue;
    found.push({ category: dataClass, id: recogniser, action, start, end, replacement: tokeniser?.tokenOf(recogniser, text.slice(start, end)) ?? marker(recogniser) });
  }
  return found;
}

/** Encoded data that hold something which must not pass: the whole run goes. */
function encodedEdits(text: string, inspection: Inspection, depth: number): readonly FoundEdit[] {
  const found: FoundEdit[] = [];
  for (const { start, end } of base64Runs(text, LEAST_ENCODED).slice(0, MAX_ENCODED)) {
    const inside = insideEncoded(text.slice(start, end), inspection, depth);
    if (inside !== undefined) found.push({ ...inside, start, end, replacement: marker(inside.id) });
  }
  return [...found, ...percentEdits(text, inspection)];
}

/** Percent-encoded runs: the characters in a secret that are escaped would keep it from being one. */
function percentEdits(text: string, inspection: Inspection): readonly FoundEdit[] {
  const found: FoundEdit[] = [];
  for (const { start, end } of percentRuns(text)) {
    let decoded: string;
    try {
      decoded = decodeURIComponent(text.slice(start, end));
    } catch {
      continue;
    }
    const [first] = dataEdits(decoded, undefined, inspection);
    if (first !== undefined) found.push({ ...first, start, end, replacement: marker(first.id) });
  }
  return found;
}

type Reason = Pick<FoundEdit, 'category' | 'id' | 'action'>;

/** Why an encoded run must not pass; `undefined` where it may. */
function insideEncoded(run: string, inspection: Inspection, depth: number): Reason | undefined {
  const candidates = /^[0-9a-fA-F]+$/.test(run) ? [Buffer.from(run, 'hex'), Buffer.from(run, 'base64')] : [Buffer.from(run, /[-_]/.test(run) ? 'base64url' : 'base64')];
  for (const bytes of candidates) {
    const reason = insideBytes(bytes, inspection, depth);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Why binary data must not pass, by what they hold; `undefined` where they may. */
export function insideBytes(bytes: Uint8Array, inspection: Inspection, depth = 0): Reason | undefined {
  const limits: ArchiveLimits = { ...DEFAULT_ARCHIVE_LIMITS, ...inspection.policy.limits?.archives };
  const { type, texts, opaque } = textsInside(bytes, limits);
  const isBinary = !type.startsWith('text/');
  for (const text of texts) {
    // Numbers in compressed or binary data satisfy a check digit now and then; a secret's form is not met by chance.
    const [first] = dataEdits(text, undefined, inspection).filter(({ category }) => !isBinary || category === 'secret' || isArchive(type));
    if (first !== undefined) return first;
    if (depth + 1 >= DEEPEST) continue;
    const [deeper] = encodedEdits(text, inspection, depth + 1);
    if (deeper !== undefined) return deeper;
  }
  if (opaque !== undefined && isArchive(type) && (inspection.policy.disguised ?? 'block') === 'block') return { category: 'type', id: 'opaque-archive', action: 'block' };
  return undefined;
}

function isArchive(type: string): boolean {
  return type === 'application/zip' || type === 'application/gzip';
}
