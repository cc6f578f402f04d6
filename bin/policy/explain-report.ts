import type { CedarValue } from '../../lambda/authorization';
import type { Explanation, PolicyExplanation, PolicyPart } from '../../lambda/authorization/explain';
import { escapeUnprintable } from '../../lambda/audit/unprintable';

/** Policies that come near, besides those that decide. */
const MAX_NEAR = 5;

const REASONS = {
  forbidden: 'a policy forbids it',
  not_permitted: 'no policy permits it',
  policy_error: 'a policy cannot be evaluated, and Cedar would skip it',
  unavailable: 'there are no policies',
} as const;

/** An explanation for people. */
export function explainText(title: string, explanation: Explanation): string {
  const { decision, policies, grant } = explanation;
  const deciding = policies.filter(({ role }) => role === 'decides' || role === 'errs');
  const near = comesNear(explanation);
  const lines = [
    `${decision.effect.toUpperCase()}  ${title}${decision.effect === 'deny' ? `: ${REASONS[decision.reason]}` : ''}`,
    ...deciding.flatMap(describePolicy),
    ...(near.length === 0 ? [] : ['', 'To be allowed it needs a policy that permits it. These come near; all of their lines would have to hold:']),
    ...near.flatMap(describePolicy),
    ...changes(explanation, deciding),
    ...(grant === undefined ? [] : ['', grantSentence(grant)]),
  ];
  return escapeLines(lines);
}

/** Permits that do not hold, where none does. */
function comesNear({ decision, policies }: Explanation): readonly PolicyExplanation[] {
  const permits = policies.filter(({ effect }) => effect === 'permit');
  if (decision.effect === 'allow' || permits.some(({ role }) => role === 'applies')) return [];
  return permits.filter(({ role }) => role === 'apart').slice(0, MAX_NEAR);
}

function describePolicy(policy: PolicyExplanation): string[] {
  const { id, effect, parts } = policy;
  return ['', `${effect} "${id}"`, ...parts.map((part) => `  ${MARKS[part.outcome]} ${part.in === 'scope' ? '' : `${part.in} `}${part.text}${remark(part)}`)];
}

const MARKS = { true: '+', false: '-', error: '!', not_reached: '.' } as const;

function remark({ in: where, outcome, reads, error }: PolicyPart): string {
  if (outcome === 'error') return `\n      ${error}`;
  if (where === 'scope') return '';
  const seen = Object.entries(reads).map(([path, value]) => `${path} is ${value === undefined ? 'absent' : shown(value)}`);
  return seen.length === 0 || outcome === 'not_reached' ? '' : `\n      ${seen.join(', ')}`;
}

const MAX_VALUE = 120;

function shown(value: CedarValue): string {
  const text = JSON.stringify(value, (_, inner) => (typeof inner === 'object' && inner !== null && '__extn' in inner ? inner.__extn.arg : inner));
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}...` : text;
}

/** What would lift a prohibition. */
function changes({ decision }: Explanation, deciding: readonly PolicyExplanation[]): string[] {
  if (decision.effect === 'allow' || decision.reason !== 'forbidden') return [];
  return deciding.flatMap(({ id, parts }) => {
    const whens = parts.filter((part) => part.in === 'when').map(({ text }) => text);
    const unlesses = parts.filter((part) => part.in === 'unless' && part.outcome !== 'true').map(({ text }) => text);
    if (whens.length + unlesses.length === 0) return ['', `"${id}" forbids this whatever the circumstances.`];
    return ['', `"${id}" would not forbid it`, ...whens.map((text) => `  if not ${text}`), ...(unlesses.length === 0 ? [] : [`  if ${unlesses.join('\n  and ')}`])];
  });
}

function grantSentence({ purpose, argumentsBound, approvals }: NonNullable<Explanation['grant']>): string {
  const approved = ['', ', approved by one person', ', approved by two people'][approvals] ?? '';
  return `A grant for the purpose "${purpose}"${argumentsBound ? ', bound to these arguments' : ''}${approved} would allow it.`;
}

function escapeLines(lines: readonly string[]): string {
  return lines.flatMap((line) => line.split('\n')).map(escapeUnprintable).join('\n');
}
