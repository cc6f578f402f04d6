import { escapeUnprintable } from '../audit/unprintable';
import { pendingPin, type Pin, type Review, type StoredRecord, type ToolRegistry } from '../integrity';
import type { Reviews } from './reviews';
import type { Workflows } from './workflow';

/** A workflow that begins to wait. */
export interface DecisionWanted {
  readonly id: string;
  readonly pin: Pin;
  readonly taskToken: string;
  readonly execution: string;
  /** Why the last decision could not be carried out; empty where there was none, or it could. */
  readonly refusal: string;
}

/** A message to those who decide. */
export interface ReviewRequest {
  /** One line of at most 100 ASCII characters. */
  readonly subject: string;
  readonly text: string;
  /** To choose by, for who gets only some. */
  readonly attributes: Readonly<Record<'server' | 'state' | 'verdict', string>>;
}

export interface RequestDecisionOptions {
  readonly registry: ToolRegistry;
  readonly reviews: Reviews;
  readonly workflows: Workflows;
  readonly notify: (request: ReviewRequest) => Promise<void>;
  /** How long before an approval ends its renewal is asked for (TV-4), milliseconds. */
  readonly renewalNoticeMs: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/**
 * Asks people to decide on a definition (TV-3), and remembers which workflow waits for them. One that has nothing to wait for
 * is let go at once: another definition is offered by now, somebody decided already, another workflow waits for the same.
 */
export function createRequestDecision(options: RequestDecisionOptions): (wanted: DecisionWanted) => Promise<void> {
  const { registry, reviews, workflows, notify, renewalNoticeMs, clock = Date.now } = options;
  return async ({ id, pin, taskToken, execution, refusal }) => {
    const stored = await registry.find(id);
    if (stored === undefined || pendingPin(stored.record, clock() + renewalNoticeMs) !== pin) {
      await workflows.complete(taskToken, { kind: 'superseded' });
      return;
    }
    const before = await reviews.find(id);
    const isOther = before !== undefined && before.execution !== execution && (await workflows.isRunning(before.execution));
    if (isOther && before.pin === pin) {
      await workflows.complete(taskToken, { kind: 'superseded' });
      return;
    }
    await reviews.open(id, { pin, taskToken, execution });
    if (isOther) await workflows.complete(before.taskToken, { kind: 'superseded' });
    await notify(describeRequest(stored, await registry.review(id), refusal));
  };
}

const MAX_SUBJECT = 100;
const MAX_FINDINGS = 10;
const SHORT_PIN = 12;

/** No word of the definition itself: it may be written to move whoever reads it. */
export function describeRequest({ id, record }: StoredRecord, { before, level, differences, newFindings }: Review, refusal = ''): ReviewRequest {
  const { state, sensitive, endorsements, scan, resembles } = record;
  const name = escapeUnprintable(id);
  const findings = newFindings.slice(0, MAX_FINDINGS).map(({ ruleId, severity, pointer, sentence }) => escapeUnprintable(`  ${ruleId} (${severity}) at ${pointer}: ${sentence}`));
  const lines = [
    state === 'approved' ? `The approval of ${name} ends soon and has to be renewed.` : state === 'quarantined' ? `${name} is in quarantine: it is not served until people decide.` : `${name} is new, or was changed, and waits for a decision.`,
    ...(refusal === '' ? [] : ['', `The last decision was not carried out: ${escapeUnprintable(refusal)}`]),
    '',
    `Definition: ${record.pin}`,
    ...(before === undefined || before === record.pin ? [] : [`Compared with the approved definition ${before.slice(0, SHORT_PIN)}: a ${level} change in ${differences.length} ${differences.length === 1 ? 'place' : 'places'}`]),
    `Scan: ${scan === undefined ? 'none yet' : `${scan.verdict}, score ${scan.score.toFixed(2)}`}`,
    ...(findings.length === 0 ? [] : ['Findings that the approved definition did not have:', ...findings]),
    ...(newFindings.length > MAX_FINDINGS ? [`  and ${newFindings.length - MAX_FINDINGS} more`] : []),
    ...(resembles === undefined ? [] : [`The same but for its name or server as: ${resembles.map(escapeUnprintable).join(', ')}`]),
    ...(sensitive ? [`It is sensitive, two people have to approve it.${endorsements.length === 0 ? '' : ` So far: ${endorsements.map(({ by }) => escapeUnprintable(by)).join(', ')}.`}`] : []),
    '',
    'Read it:    mcp-zero-trust tools diff TOOL --table TABLE',
    `Decide:     mcp-zero-trust tools approve TOOL --url URL --pin ${record.pin.slice(0, SHORT_PIN)} --why TEXT`,
    '            mcp-zero-trust tools reject TOOL --url URL --why TEXT',
  ];
  return {
    subject: asciiLine(`${state === 'quarantined' ? 'Quarantined' : state === 'approved' ? 'Renewal' : 'Review'}: MCP tool ${id}`),
    text: lines.join('\n'),
    attributes: { server: record.subject.server, state, verdict: scan?.verdict ?? 'none' },
  };
}

/** What a mail's subject may hold. */
function asciiLine(text: string): string {
  const line = text.replace(/[^\x20-\x7e]/g, '?');
  return line.length <= MAX_SUBJECT ? line : `${line.slice(0, MAX_SUBJECT - 3)}...`;
}
