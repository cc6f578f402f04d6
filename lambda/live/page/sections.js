/** Counters, alerts, grants with their clocks, servers, and the head of the audit chain. */
import { byId, clockTime, count, duration, element, fill, milliseconds, shape, withAttributes } from './element.js';

/** What the gateway's clock is ahead of this one, milliseconds. */
let ahead = 0;

function now() {
  return Date.now() + ahead;
}

export function showSummary({ now: theirs, totals, lastMinute }) {
  ahead = theirs - Date.now();
  const { allow, deny, error, alerts } = totals;
  const inMinute = lastMinute.reduce((sum, [served, refused]) => sum + served + refused, 0);
  fill(
    byId('tiles'),
    withAttributes(element('div', 'tile wide', chartOf(lastMinute), element('span', 'label', `${count(inMinute, 'request')} in the last minute`)), { title: 'Each bar is a second. Those that were not allowed are on top.' }),
    tile('requests', allow + deny + error),
    tile('allowed', allow, 'good'),
    tile('denied', deny, 'bad'),
    tile('failed', error, 'wait'),
    tile('alerts', alerts, 'bad'),
  );
}

function tile(label, value, tone = '') {
  return element('div', `tile ${value > 0 ? tone : ''}`, element('b', '', value.toLocaleString('en')), element('span', 'label', label));
}

const HEIGHT = 36;

function chartOf(lastMinute) {
  const most = Math.max(4, ...lastMinute.map(([served, refused]) => served + refused));
  const bars = lastMinute.flatMap(([served, refused], index) => {
    const of = (value) => (value / most) * HEIGHT;
    const bar = (name, from, height) => shape('rect', { class: name, x: index * 4, y: HEIGHT - from - height, width: 3, height });
    return [served > 0 && bar('served', 0, of(served)), refused > 0 && bar('refused', of(served), of(refused))].filter(Boolean);
  });
  const base = shape('line', { class: 'base', x1: 0, y1: HEIGHT + 0.5, x2: 240, y2: HEIGHT + 0.5 });
  return shape('svg', { class: 'chart', viewBox: `0 0 240 ${HEIGHT + 1}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, ...bars, base);
}

export function showAlerts({ watches, alerts }) {
  const place = byId('alerts');
  if (!watches) return void fill(place, element('p', 'quiet', 'Nobody watches behaviour: “behaviour” is not in the configuration.'));
  if (alerts.length === 0) return void fill(place, element('p', 'quiet', 'Nothing unusual since the start.'));
  const items = alerts.slice(-8).reverse();
  fill(place, element('ul', 'cards', ...items.map(({ time, why, risk, principal, place: where }) => element('li', 'card alert', element('b', '', why), element('span', 'quiet', [clockTime(time), principal, where, `risk ${risk}`].filter(Boolean).join(' · '))))));
}

const NO_GRANTS = { not_configured: 'There are no just-in-time grants: “grants” is not in the configuration.', unreadable: 'The grants cannot be read now: what needs one is refused.' };
const LIMITS = { any: 'any arguments', exact: 'exactly the arguments that were asked for', condition: 'arguments under a condition' };
const STATES = { requested: 'waits for a decision', approved: 'in force', consumed: 'used up', expired: 'expired', denied: 'denied', revoked: 'revoked' };

export function showGrants(section) {
  const place = byId('grants');
  if (section.absent !== undefined) return void fill(place, element('p', 'quiet', NO_GRANTS[section.absent]));
  const { grants, blocks } = section;
  const open = grants.filter(({ until }) => until !== undefined);
  const ended = grants.filter(({ until }) => until === undefined);
  fill(
    place,
    ...blocks.map(({ target, by, since, why }) => element('div', 'notice bad', element('b', '', `Access is blocked: ${target}`), element('span', '', `by ${by}, ${clockTime(since)}: ${why}`))),
    open.length === 0 && element('p', 'quiet', 'No grant is in force, and none waits.'),
    open.some(({ state }) => state === 'requested') && element('p', 'quiet', 'Approvers decide on the ', withAttributes(element('a', '', 'approval page'), { href: '/approvals' }), '.'),
    element('ul', 'cards', ...open.map(grantCard)),
    ended.length > 0 && element('details', 'ended', element('summary', '', `${count(ended.length, 'grant')} that ended`), element('ul', 'cards', ...ended.map(grantCard))),
  );
  tick();
}

function grantCard({ id, state, principal, tool, server, limit, uses, used, from, until }) {
  const card = element(
    'li',
    `card grant ${state}`,
    element('b', 'name', tool, element('span', 'quiet', ` on ${server}`)),
    element('span', 'badge', STATES[state]),
    element('span', 'why', `${principal} · ${LIMITS[limit]} · ${used} of ${count(uses, 'use')} · ${id}`),
  );
  if (until === undefined) return card;
  const clock = withAttributes(element('span', 'clock', ''), { role: 'timer' });
  const bar = element('span', 'bar', element('span', 'left', ''));
  clock.dataset.until = String(until);
  clock.dataset.from = String(from);
  card.append(clock, bar);
  return card;
}

/** Turns the clocks of grants on, once a second. */
export function tick() {
  for (const clock of document.querySelectorAll('.clock[data-until]')) {
    const until = Number(clock.dataset.until);
    const from = Number(clock.dataset.from);
    const left = until - now();
    clock.textContent = left <= 0 ? 'ends now' : `${duration(left)} left`;
    const bar = clock.parentElement.querySelector('.left');
    bar.style.width = `${Math.max(0, Math.min(100, (100 * left) / Math.max(1, until - from)))}%`;
    clock.parentElement.classList.toggle('soon', left < 30_000);
  }
  for (const since of document.querySelectorAll('[data-since]')) since.textContent = `${duration(now() - Number(since.dataset.since))} ago`;
}

const HEALTH = { answers: 'answers', fails: 'does not answer', idle: 'nothing sent yet', unreached: 'not reached' };

export function showServers(servers) {
  fill(byId('servers'), element('ul', 'cards', ...servers.map(serverCard)));
  tick();
}

function serverCard({ name, kind, state, tools, requests, refused, failed, p50, p99, lastAt, lastProblem }) {
  const facts = [
    tools === undefined ? 'tools not listed' : count(tools, 'tool'),
    `${count(requests, 'request')} of late`,
    refused > 0 && `${refused} denied`,
    failed > 0 && `${failed} failed`,
    p50 !== undefined && `median ${milliseconds(p50)}`,
    p99 !== undefined && `99 % under ${milliseconds(p99)}`,
  ].filter(Boolean);
  const last = lastAt === undefined ? undefined : element('span', '', '');
  if (last !== undefined) last.dataset.since = String(new Date(lastAt).getTime());
  return element(
    'li',
    `card server ${state}`,
    element('b', 'name', name, element('span', 'quiet', ` ${kind === 'stdio' ? 'process' : 'HTTP'}`)),
    element('span', 'badge', HEALTH[state]),
    element('span', 'why', facts.join(' · '), last && ' · last ', last, lastProblem !== undefined && ` · ${lastProblem}`),
  );
}

export function showChain({ audit, approvals }) {
  const rows = [];
  if (audit !== undefined) {
    const signed = element('span', '', '');
    signed.dataset.since = String(audit.signedAt);
    rows.push(['lines', audit.lines.toLocaleString('en')], ['head', digest(audit.digest)], ['signed', [signed, audit.unsigned > 0 && `, ${count(audit.unsigned, 'line')} since`].filter(Boolean)], ['writer', audit.writer]);
  }
  if (approvals !== undefined) rows.push(['approvals', count(approvals.size, 'leaf', 'leaves')], ['root', digest(approvals.root)], ['root signed', clockTime(approvals.at)]);
  const place = byId('chain');
  if (rows.length === 0) return void fill(place, element('p', 'quiet', 'Events are shown and not kept: “audit” is not in the configuration.'));
  fill(place, element('dl', 'facts card', ...rows.flatMap(([name, value]) => [element('dt', '', name), element('dd', '', ...[value].flat())])));
  tick();
}

function digest(value) {
  return withAttributes(element('code', '', `${value.slice(0, 16)}…${value.slice(-8)}`), { title: value });
}
