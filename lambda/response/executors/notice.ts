import { escapeUnprintable } from '../../audit/unprintable';
import { nameOf, type Action, type Closing } from '../action';
import type { Cause, Executor } from '../executor';
import { standingOf } from '../standing';

/** A message to people. */
export interface Notice {
  /** One line of at most 100 printable ASCII characters. */
  readonly subject: string;
  readonly text: string;
}

/**
 * Tells the responders of an incident, what is done about it and what is not, and how it stands once people decided or took it back (IR-2: communication).
 *
 * @param send Delivers the message, at least once.
 */
export function createNotifyExecutor(send: (notice: Notice) => Promise<void>): Executor<Extract<Action, { kind: 'notify' }>> {
  return {
    observe: async () => ({ is: 'nobody was told yet', contained: false, value: {} }),
    async apply({ again, closing }, _, cause) {
      await send(closing === undefined ? beginning(cause, again) : ending(cause, closing));
      return 'the responders were told';
    },
    // Whoever takes something back is done only when the rest is taken back too: how it stands then is word of its own.
    undo: async () => 'what the responders were told stays told',
  };
}

function beginning(cause: Cause, again: string | undefined): Notice {
  const { predicate, open, waiting } = standingOf(cause.actions);
  return noticeOf(cause, again === undefined ? `${predicate}.` : `was seen again at ${again}, and ${predicate}.`, ...listed('Not in force', open), ...commands(cause.incident.id, waiting, true));
}

function ending(cause: Cause, { unanswered }: Closing): Notice {
  const { contained, predicate, inForce, open, waiting, decided } = standingOf(cause.actions);
  const late = unanswered.filter((number) => waiting.includes(number));
  const told = noticeOf(
    cause,
    `now ${predicate}.`,
    ...listed('In force', inForce),
    ...listed('Not in force for this incident, or not surely', open),
    ...listed('Decided by people', decided),
    ...(late.length === 0 ? [] : [`Nobody decided in time on ${late.join(', ')}: it stays as it is until somebody does.`, '']),
    ...commands(cause.incident.id, waiting, inForce.length > 0 || cause.actions.some(({ state }) => state === 'undo_failed')),
  );
  return { ...told, subject: subjectOf(cause, ` now ${contained}`) };
}

function listed(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => `  ${line}`), ''];
}

/** What people may do next. */
function commands(id: string, waiting: readonly number[], isToTakeBack: boolean): readonly string[] {
  return [
    `See what was done:  mcp-zero-trust respond show ${id}`,
    ...waiting.slice(0, 1).map((number) => `Your word on what waits:  mcp-zero-trust respond approve ${id} --action ${number} --why TEXT  (or deny)`),
    ...(isToTakeBack ? [`Take it back if it is a false positive:  mcp-zero-trust respond undo ${id} --why TEXT`] : []),
  ];
}

const MAX_SUBJECT = 100;
const WORDS = { tool_poisoning: 'Tool poisoning', unauthorised_access: 'Unauthorised access', exfiltration: 'Exfiltration', server_compromise: 'Server compromise', denial_of_service: 'Denial of service' } as const;

/** No word of a definition or an argument: it may be written to move whoever reads it. */
export function noticeOf({ incident }: Pick<Cause, 'incident'>, ...sentences: readonly [string, ...string[]]): Notice {
  const [first, ...more] = sentences;
  const subjects = incident.subjects.map((subject) => `  ${nameOf(subject)}`);
  const lines = [`${WORDS[incident.kind]} (${incident.severity}), noticed at ${incident.at} by ${incident.source.name}, ${first}`, '', incident.why, '', 'It concerns', ...subjects, '', ...more];
  return { subject: subjectOf({ incident }), text: `${lines.map(escapeUnprintable).join('\n').trimEnd()}\n` };
}

function subjectOf({ incident }: Pick<Cause, 'incident'>, standing = ''): string {
  return `${WORDS[incident.kind]} (${incident.severity})${standing}: ${nameOf(incident.subjects[0])}`.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SUBJECT);
}
