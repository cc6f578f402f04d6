import { escapeUnprintable } from '../../lambda/audit/unprintable';
import type { Difference, LifeCycleState, Review, Step, StoredRecord } from '../../lambda/integrity';

/** Colours a text for a terminal, or leaves it as it is. */
export type Paint = (code: number, text: string) => string;

export const painter = (color: boolean): Paint => (code, text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const BOLD = 1;
const QUIET = 2;

const STATE_COLOR: Readonly<Record<LifeCycleState, number>> = { discovered: YELLOW, scanned: YELLOW, review: YELLOW, approved: GREEN, quarantined: RED, revoked: QUIET };
/** What needs people comes first. */
const ORDER: readonly LifeCycleState[] = ['quarantined', 'review', 'scanned', 'discovered', 'approved', 'revoked'];
/** Digits of a pin that are shown in lists. */
const SHORT_PIN = 12;
const MAX_FINDINGS = 10;
const MAX_VALUE = 2_000;

/** A table of everything that is known, what needs people first. */
export function describeList(stored: readonly StoredRecord[], paint: Paint): string {
  if (stored.length === 0) return 'Nothing is known yet. "tools discover" asks the servers, and so does a gateway when it starts.';
  const sorted = [...stored].sort((a, b) => ORDER.indexOf(a.record.state) - ORDER.indexOf(b.record.state) || a.id.localeCompare(b.id));
  const rows = sorted.map(({ id, record }) => [record.state, nameOf(id, record.subject.tool), scanOf(record), remarkOf(record)] as const);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(([state, name, scan, remark]) => `${paint(STATE_COLOR[state], state.padEnd(widths[0]!))}  ${name.padEnd(widths[1]!)}  ${scan.padEnd(widths[2]!)}  ${paint(QUIET, remark)}`.trimEnd()).join('\n');
}

/** One definition, with everything that a decision on it needs. */
export function describeRecord({ id, record }: StoredRecord, definition: unknown, paint: Paint): string {
  const { state, pin, sensitive, scan, approval, endorsements, resembles } = record;
  const lines = [
    `${paint(BOLD, nameOf(id, record.subject.tool))}  ${paint(STATE_COLOR[state], state)}`,
    `  pin        ${pin}`,
    ...(approval === undefined ? [] : [`  approved   ${approval.pin === pin ? 'this definition' : `another definition, ${approval.pin.slice(0, SHORT_PIN)}`}, version ${approval.version}, by ${listOf(approval.by)}, until ${day(approval.expiresAt)}`]),
    ...(sensitive ? ['  sensitive  it may destroy something or reach the open world, or the configuration says so'] : []),
    ...(endorsements.length === 0 ? [] : [`  endorsed   by ${listOf(endorsements.map(({ by }) => by))}; one more person has to approve it`]),
    ...(resembles === undefined ? [] : [`  the same as ${listOf(resembles)} but for its name or server`]),
    ...(scan === undefined ? [] : [`  scan       ${scan.verdict}, score ${scan.score.toFixed(2)}`, ...describeFindings(scan.findings)]),
    '',
    definition === undefined ? '(the definition is too large to be kept)' : shown(JSON.stringify(definition, undefined, 2)),
  ];
  return lines.join('\n');
}

/** What changed since the last approval, word by word. */
export function describeReview(id: string, { before, after, level, differences, newFindings }: Review, paint: Paint): string {
  if (before === undefined) return `${printable(id)} was never approved: there is nothing to compare it with.`;
  if (level === 'none') return `${printable(id)} is as it was approved.`;
  const heading = `${paint(BOLD, printable(id))}  ${LEVELS[level]}\n  pin ${after}`;
  const findings = newFindings.length === 0 ? [] : ['', paint(RED, 'New findings:'), ...describeFindings(newFindings)];
  return [heading, ...differences.flatMap((difference) => ['', ...describeDifference(difference, paint)]), ...findings].join('\n');
}

const LEVELS = {
  patch: 'its wording changed',
  minor: 'its schema changed',
  major: 'what it may do has perhaps changed (annotations, permissions or other members)',
} as const;

/** Every step, the oldest first. */
export function describeHistory(steps: readonly Step[], paint: Paint): string {
  return steps.map(({ at, action, to, by, why, pin }) => `${paint(QUIET, at)}  ${action.padEnd(10)}  ${paint(STATE_COLOR[to], to.padEnd(11))}  ${pin.slice(0, SHORT_PIN)}  ${printable(by)}: ${printable(why)}`).join('\n');
}

function describeDifference(difference: Difference, paint: Paint): string[] {
  const pointer = paint(QUIET, printable(difference.pointer));
  switch (difference.kind) {
    case 'added':
      return [pointer, paint(GREEN, `  {+${json(difference.value)}+}`)];
    case 'removed':
      return [pointer, paint(RED, `  [-${json(difference.value)}-]`)];
    case 'replaced':
      return [pointer, paint(RED, `  [-${json(difference.before)}-]`), paint(GREEN, `  {+${json(difference.after)}+}`)];
    case 'reworded': {
      const words = difference.parts.map(({ change, text }) => (change === 'same' ? shown(text) : change === 'added' ? paint(GREEN, `{+${printable(text)}+}`) : paint(RED, `[-${printable(text)}-]`)));
      return [pointer, `  ${words.join('').replaceAll('\n', '\n  ')}`];
    }
  }
}

function describeFindings(findings: readonly { ruleId: string; severity: string; pointer: string; sentence: string }[]): string[] {
  const lines = findings.slice(0, MAX_FINDINGS).map(({ ruleId, severity, pointer, sentence }) => `    ${ruleId} ${severity}  ${printable(sentence)}  ${printable(pointer)}`);
  return findings.length > MAX_FINDINGS ? [...lines, `    and ${findings.length - MAX_FINDINGS} more`] : lines;
}

function nameOf(id: string, tool: string | undefined): string {
  return tool === undefined ? `${printable(id)} (instructions)` : printable(id);
}

function scanOf({ scan }: StoredRecord['record']): string {
  if (scan === undefined) return '-';
  const findings = scan.findings.length === 0 ? '' : `, ${scan.findings.length === 1 ? '1 finding' : `${scan.findings.length} findings`}`;
  return `${scan.verdict}${findings}`;
}

function remarkOf({ state, approval, endorsements, steps, sensitive }: StoredRecord['record']): string {
  const last = steps.at(-1);
  if (state === 'approved' && approval !== undefined) return `${approval.version}, by ${listOf(approval.by)}, until ${day(approval.expiresAt)}`;
  if (endorsements.length > 0) return `endorsed by ${listOf(endorsements.map(({ by }) => by))}, one more person has to approve`;
  const since = last === undefined ? '' : `since ${day(last.at)}`;
  return state === 'review' && sensitive ? `${since}, sensitive` : since;
}

function day(iso: string): string {
  return iso.slice(0, 10);
}

function listOf(names: readonly string[]): string {
  return names.map(printable).join(', ');
}

function json(value: unknown): string {
  const text = JSON.stringify(value);
  return printable(text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}...` : text);
}

/** One line; what a terminal would act on, or not show, is spelled out. */
function printable(text: string): string {
  return escapeUnprintable(text);
}

/** The same for a text of several lines. */
function shown(text: string): string {
  return text.split('\n').map(escapeUnprintable).join('\n');
}
