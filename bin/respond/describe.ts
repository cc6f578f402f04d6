import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { describeAction, nameOf, stateOf, type ActionRecord, type ActionState, type Case, type CaseState, type Preview } from '../../lambda/response';
import type { Paint } from '../tools/describe';

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const BOLD = 1;
const QUIET = 2;

const CASE_COLOR: Readonly<Record<CaseState, number>> = { failed: RED, waiting: YELLOW, in_progress: YELLOW, not_contained: YELLOW, contained: GREEN, dry_run: QUIET, undone: QUIET };
const ACTION_COLOR: Readonly<Record<ActionState, number>> = {
  planned: YELLOW,
  waiting: YELLOW,
  approved: YELLOW,
  applying: YELLOW,
  undoing: YELLOW,
  apply_failed: RED,
  undo_failed: RED,
  applied: GREEN,
  denied: QUIET,
  undone: QUIET,
  dry_run: QUIET,
};
/** What needs people comes first. */
const ORDER: readonly CaseState[] = ['failed', 'waiting', 'in_progress', 'not_contained', 'contained', 'dry_run', 'undone'];

/** A table of incidents, what needs people first and then the newest. */
export function describeCases(cases: readonly Case[], paint: Paint): string {
  if (cases.length === 0) return 'There are no incidents.';
  const sorted = [...cases].sort((a, b) => ORDER.indexOf(stateOf(a)) - ORDER.indexOf(stateOf(b)) || Date.parse(b.incident.at) - Date.parse(a.incident.at));
  const rows = sorted.map((one) => [stateOf(one), one.incident.id, one.incident.severity, one.incident.kind, one.incident.at.slice(0, 19), printable(one.incident.subjects.map(nameOf).join(', '))] as const);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(([state, ...cells]) => [paint(CASE_COLOR[state], state.padEnd(widths[0]!)), ...cells.map((cell, index) => cell.padEnd(widths[index + 1] ?? 0))].join('  ').trimEnd()).join('\n');
}

/** One incident, with everything that was done about it. */
export function describeCase(one: Case, paint: Paint): string {
  const { incident, actions } = one;
  const state = stateOf(one);
  return [
    `${paint(BOLD, incident.id)}  ${paint(CASE_COLOR[state], state)}  ${incident.kind} (${incident.severity})`,
    `  why       ${printable(incident.why)}`,
    `  noticed   ${incident.at} by ${printable(incident.source.name)}`,
    `  concerns  ${printable(incident.subjects.map(nameOf).join(', '))}`,
    ...actions.map((action) => describeRecord(action, paint)),
  ].join('\n');
}

function describeRecord({ number, action, state, outcome, decision, undone }: ActionRecord, paint: Paint): string {
  const said = decision === undefined ? [] : [`${decision.approved ? 'approved' : 'denied'} by ${printable(decision.by)}: ${printable(decision.why)}`];
  const taken = undone === undefined ? [] : [`taken back by ${printable(undone.by)}: ${printable(undone.why)}`];
  const remarks = [...(outcome === undefined || outcome === decision?.why ? [] : [printable(outcome)]), ...said, ...taken].map((remark) => `\n       ${paint(QUIET, remark)}`);
  return `  ${String(number).padStart(2)}  ${paint(ACTION_COLOR[state], state.padEnd(12))}  ${printable(describeAction(action))}${remarks.join('')}`;
}

/** What would be done about an incident. */
export function describePreview(previews: readonly Preview[], paint: Paint): string {
  return previews.map(({ number, is, would }) => `  ${String(number).padStart(2)}  ${printable(would)}${is === '' ? '' : paint(QUIET, `; now ${printable(is)}`)}`).join('\n');
}

/** One line; what a terminal would act on, or not show, is spelled out. */
function printable(text: string): string {
  return escapeUnprintable(text);
}
