import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { nameOf, targetId, type Grant, type GrantState, type Mark } from '../../lambda/grants';
import type { Paint } from '../tools/describe';

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const BOLD = 1;
const QUIET = 2;

const STATE_COLOR: Readonly<Record<GrantState, number>> = { requested: YELLOW, approved: GREEN, consumed: QUIET, denied: RED, expired: QUIET, revoked: RED };
/** What needs people comes first. */
const ORDER: readonly GrantState[] = ['requested', 'approved', 'consumed', 'denied', 'revoked', 'expired'];
/** Characters of an id that are shown, its end. */
const SHORT_ID = 8;

/** A table of grants, what needs people first. */
export function describeGrants(grants: readonly Grant[], now: number, paint: Paint): string {
  if (grants.length === 0) return 'There are no grants.';
  const sorted = [...grants].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.requestedAt - a.requestedAt);
  const rows = sorted.map((grant) => [grant.state, grant.id.slice(-SHORT_ID), printable(grant.terms.principal.id), printable(`${grant.terms.server}/${grant.terms.tool}`), remarkOf(grant, now), printable(grant.terms.purpose)] as const);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(([state, ...cells]) => [paint(STATE_COLOR[state], state.padEnd(widths[0]!)), ...cells.map((cell, index) => (index === 4 ? paint(QUIET, cell) : cell.padEnd(widths[index + 1]!)))].join('  ').trimEnd())
    .join('\n');
}

/** One grant, with everything that a decision on it needs. */
export function describeGrant(grant: Grant, now: number, paint: Paint): string {
  const { terms } = grant;
  const approvals = 'approvals' in grant ? grant.approvals.map(({ by }) => nameOf(by)).join(', ') : '';
  return [
    `${paint(BOLD, grant.id.slice(-SHORT_ID))}  ${paint(STATE_COLOR[grant.state], grant.state)}  ${remarkOf(grant, now)}`.trimEnd(),
    `  who        ${printable(nameOf(terms.principal))}`,
    `  tool       ${printable(`${terms.server}/${terms.tool}`)}`,
    `  arguments  ${argumentsOf(grant)}`,
    `  for        ${printable(terms.purpose)}${terms.ticket === undefined ? '' : ` (${printable(terms.ticket)})`}`,
    `  how often  ${terms.uses === 1 ? 'one call' : `${terms.uses} calls`}, within ${terms.lifetimeSeconds} s of the approval`,
    ...(approvals === '' ? [] : [`  approved   by ${printable(approvals)}`]),
  ].join('\n');
}

/** What is blocked, a line each. */
export function describeBlocks(blocks: readonly Mark[], paint: Paint): string {
  return blocks.map(({ target, by, why, at }) => `${paint(RED, 'blocked')}  ${printable(targetId(target))}  by ${printable(by.id)} at ${new Date(at).toISOString()}: ${printable(why)}\n`).join('');
}

function remarkOf(grant: Grant, now: number): string {
  switch (grant.state) {
    case 'requested':
      return `${grant.approvals.length === 0 ? '' : 'needs one more approval, '}decide within ${seconds(grant.decideBy - now)}${grant.terms.risk === undefined ? '' : `, risk ${grant.terms.risk}`}`;
    case 'approved':
      return `${seconds(grant.expiresAt - now)} left, ${grant.terms.uses - grant.uses.length} of ${grant.terms.uses} uses`;
    case 'denied':
    case 'revoked':
      return printable(`${grant.by === undefined ? '' : `by ${grant.by.id}: `}${grant.why}`);
    default:
      return '';
  }
}

function argumentsOf({ terms: { arguments: limit } }: Grant): string {
  switch (limit.kind) {
    case 'any':
      return 'any';
    case 'condition':
      return `where ${printable(limit.cedar)}`;
    case 'exact':
      return limit.shown === undefined ? `exactly those with the digest ${limit.digest.slice(0, 16)}` : printable(JSON.stringify(limit.shown));
  }
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1_000))} s`;
}

/** One line; what a terminal would act on, or not show, is spelled out. */
function printable(text: string): string {
  return escapeUnprintable(text);
}
