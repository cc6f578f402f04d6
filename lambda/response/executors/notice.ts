import { escapeUnprintable } from '../../audit/unprintable';
import { nameOf, type Action } from '../action';
import type { Cause, Executor } from '../executor';
import { standingOf } from '../standing';

/** A message to people. */
export interface Notice {
  /** One line of at most 100 printable ASCII characters. */
  readonly subject: string;
  readonly text: string;
}

/**
 * Tells the responders of an incident, what is done about it and what is not, and again when that is taken back (IR-2: communication).
 *
 * @param send Delivers the message, at least once.
 */
export function createNotifyExecutor(send: (notice: Notice) => Promise<void>): Executor<Extract<Action, { kind: 'notify' }>> {
  return {
    observe: async () => ({ is: 'nobody was told yet', contained: false, value: {} }),
    async apply({ again }, _, cause) {
      const { id } = cause.incident;
      const { predicate, open, waiting } = standingOf(cause.actions);
      await send(
        noticeOf(
          cause,
          again === undefined ? `${predicate}.` : `was seen again at ${again}, and ${predicate}.`,
          ...(open.length === 0 ? [] : ['Not in force', ...open.map((line) => `  ${line}`), '']),
          `See what was done:  mcp-zero-trust respond show ${id}`,
          ...waiting.slice(0, 1).map((number) => `Your word on what waits:  mcp-zero-trust respond approve ${id} --action ${number} --why TEXT  (or deny)`),
          `Take it back if it is a false positive:  mcp-zero-trust respond undo ${id} --why TEXT`,
        ),
      );
      return 'the responders were told';
    },
    async undo(_, __, cause) {
      await send(noticeOf(cause, `was taken back by ${cause.by}: ${cause.why}`));
      return 'the responders were told that it was taken back';
    },
  };
}

const MAX_SUBJECT = 100;
const WORDS = { tool_poisoning: 'Tool poisoning', unauthorised_access: 'Unauthorised access', exfiltration: 'Exfiltration', server_compromise: 'Server compromise', denial_of_service: 'Denial of service' } as const;

/** No word of a definition or an argument: it may be written to move whoever reads it. */
export function noticeOf({ incident }: Pick<Cause, 'incident'>, ...sentences: readonly [string, ...string[]]): Notice {
  const [first, ...more] = sentences;
  const subjects = incident.subjects.map((subject) => `  ${nameOf(subject)}`);
  const lines = [`${WORDS[incident.kind]} (${incident.severity}), noticed at ${incident.at} by ${incident.source.name}, ${first}`, '', incident.why, '', 'It concerns', ...subjects, '', ...more];
  return {
    subject: `${WORDS[incident.kind]} (${incident.severity}): ${nameOf(incident.subjects[0])}`.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SUBJECT),
    text: `${lines.map(escapeUnprintable).join('\n').trimEnd()}\n`,
  };
}
