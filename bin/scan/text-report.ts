import { escapeUnprintable } from '../../lambda/audit/unprintable';
import type { Finding, Severity, Verdict } from '../../lambda/detection';
import { textAt } from './pointer';
import { definitionOf, nameOf, type Scanned } from './subject';

/** Characters shown on each side of a span. */
const CONTEXT = 48;
/** Longest span that is shown whole. */
const MAX_SPAN = 160;
/** Findings that are shown of one definition. */
const MAX_SHOWN = 8;

const VERDICT_COLOR: Readonly<Record<Verdict, number>> = { reject: 31, review: 33, approve: 32 };
const SEVERITY_COLOR: Readonly<Record<Severity, number>> = { critical: 31, high: 31, medium: 33, low: 36, info: 2 };

type Paint = (code: number, text: string) => string;

/** What was rejected or waits for review, with each finding underlined where it stands. Approved ones are counted. */
export function textReport(scanned: readonly Scanned[], color: boolean): string {
  const paint: Paint = (code, text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const noted = scanned.filter(({ result }) => result.verdict !== 'approve');
  const blocks = noted.map((one) => describe(one, paint, color));
  return [...blocks, summary(scanned, paint)].join('\n');
}

function describe({ subject, result }: Scanned, paint: Paint, color: boolean): string {
  const heading = `${paint(VERDICT_COLOR[result.verdict], result.verdict)}  ${paint(1, escapeUnprintable(nameOf(subject)))}  score ${result.score.toFixed(2)}  ${paint(2, escapeUnprintable(subject.source))}`;
  const shown = result.findings.slice(0, MAX_SHOWN);
  const rest = result.findings.length - shown.length;
  const lines = shown.flatMap((finding) => describeFinding(finding, textAt(definitionOf(subject), finding.pointer), paint, color));
  return [heading, ...lines, ...(rest > 0 ? [`  and ${rest} more`] : []), ''].join('\n');
}

function describeFinding(finding: Finding, text: string, paint: Paint, color: boolean): readonly string[] {
  const { ruleId, severity, sentence, pointer, safId, owaspId } = finding;
  const ids = [safId, owaspId].filter((id) => id !== undefined).join(', ');
  const head = `  ${paint(SEVERITY_COLOR[severity], `${ruleId} ${severity}`)}  ${sentence}${ids === '' ? '' : ` ${paint(2, `(${ids})`)}`}`;
  const at = paint(2, `    ${escapeUnprintable(pointer === '' ? '/' : pointer)}`);
  return finding.end > finding.start ? [head, at, ...excerpt(finding, text, paint, color)] : [head, at];
}

/** The span in one line of its text, underlined; carets below do it where there is no colour. */
function excerpt({ start, end }: Finding, text: string, paint: Paint, color: boolean): readonly string[] {
  const before = oneLine(text.slice(Math.max(0, start - CONTEXT), start));
  const span = end - start > MAX_SPAN ? `${oneLine(text.slice(start, start + MAX_SPAN))}...` : oneLine(text.slice(start, end));
  const after = oneLine(text.slice(end, end + CONTEXT));
  const left = `      ${start > CONTEXT ? '...' : ''}${before}`;
  const right = `${after}${end + CONTEXT < text.length ? '...' : ''}`;
  if (color) return [`${left}${paint(4, span)}${right}`];
  return [`${left}${span}${right}`, `${' '.repeat(left.length)}${'^'.repeat(span.length)}`];
}

/** Line ends become spaces; what a terminal would act on, or not show, is spelled out. */
function oneLine(text: string): string {
  return escapeUnprintable(text.replace(/[\r\n\t]/g, ' '));
}

function summary(scanned: readonly Scanned[], paint: Paint): string {
  const count = (verdict: Verdict) => scanned.filter(({ result }) => result.verdict === verdict).length;
  const part = (verdict: Verdict, word: string) => paint(VERDICT_COLOR[verdict], `${count(verdict)} ${word}`);
  return `${scanned.length} scanned: ${part('reject', 'rejected')}, ${part('review', 'to review')}, ${part('approve', 'approved')}`;
}
