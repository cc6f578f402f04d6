import { escapeUnprintable } from '../audit/unprintable';
import { textFields } from '../detection';
import type { ScanFinding } from '../integrity';
import type { JsonValue } from '../protocol';

/** A text of a definition in pieces, those that a finding is about marked with it. */
export interface MarkedText {
  /** JSON Pointer in the definition. */
  readonly pointer: string;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Printable. */
  readonly text: string;
  /** Places in the list of findings. @default - no finding is about it */
  readonly findings?: readonly number[];
}

/** Characters on each side of a mark. */
const CONTEXT = 160;
const MAX_TEXTS = 12;
const CUT = ' … ';

/** The texts of `definition` that `findings` are about, around the offending words. Spans are UTF-16 units of the original. */
export function markedTexts(definition: JsonValue, findings: readonly ScanFinding[]): readonly MarkedText[] {
  const spans = new Map<ReturnType<typeof textFields>[number], Span[]>();
  const fields = fieldsOf(definition);
  findings.forEach((finding, index) => {
    const field = fields.find(({ pointer, text }) => pointer === finding.pointer && finding.end <= text.length);
    if (field === undefined || finding.end <= finding.start) return;
    const known = spans.get(field);
    const span = { start: finding.start, end: finding.end, index };
    if (known === undefined) spans.set(field, [span]);
    else known.push(span);
  });
  return [...spans].slice(0, MAX_TEXTS).map(([{ pointer, text }, marks]) => ({ pointer: escapeUnprintable(pointer), pieces: piecesOf(text, marks) }));
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly index: number;
}

function fieldsOf(definition: JsonValue): ReturnType<typeof textFields> {
  try {
    return textFields(definition);
  } catch {
    // Too large to be read by anybody: its findings stand alone.
    return [];
  }
}

function piecesOf(text: string, spans: readonly Span[]): Piece[] {
  const borders = [...new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b);
  return borders.slice(0, -1).map((from, place) => {
    const to = borders[place + 1] ?? text.length;
    const findings = spans.filter(({ start, end }) => start <= from && to <= end).map(({ index }) => index);
    const part = printable(text.slice(from, to));
    if (findings.length > 0) return { text: part, findings };
    return { text: briefly(part, place === 0, to === text.length) };
  });
}

/** Words far from any mark are left out. */
function briefly(text: string, isFirst: boolean, isLast: boolean): string {
  if (isFirst && text.length > CONTEXT) return CUT + text.slice(-CONTEXT);
  if (isLast && text.length > CONTEXT) return text.slice(0, CONTEXT) + CUT;
  return text.length > 2 * CONTEXT ? text.slice(0, CONTEXT) + CUT + text.slice(-CONTEXT) : text;
}

/** Line ends stay; all else that would hide or reorder text is spelled out. */
function printable(text: string): string {
  return text.split('\n').map(escapeUnprintable).join('\n');
}
