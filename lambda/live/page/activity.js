/** The lines of what happens: the newest on top, bounded, filtered, and held still while somebody reads. */
import { byId, clockTime, element, fill, milliseconds } from './element.js';

const MOST_LINES = 300;
const DECISIONS = { allow: 'allowed', deny: 'denied', error: 'failed' };
const WORDS = { alert: 'alert', tool: 'tool', grant: 'grant' };

const lines = byId('lines');
const nothing = byId('nothing');
const pause = byId('pause');
const kind = byId('kind');
const words = byId('words');
const held = [];
let isPaused = false;

export function startActivity() {
  pause.addEventListener('click', () => {
    isPaused = !isPaused;
    pause.setAttribute('aria-pressed', String(isPaused));
    if (!isPaused) addAll(held.splice(0));
    namePause();
  });
  kind.addEventListener('change', filterAll);
  words.addEventListener('input', filterAll);
}

/** Shows `happenings`, the oldest first; keeps them where the page is paused. */
export function addHappenings(happenings) {
  if (!isPaused) {
    addAll(happenings);
    return;
  }
  held.push(...happenings);
  held.splice(0, Math.max(0, held.length - MOST_LINES));
  namePause();
}

export function forgetActivity() {
  held.length = 0;
  lines.replaceChildren();
  say();
}

/** So many happened that not all of them are shown. */
export function addGap(number) {
  lines.prepend(element('li', 'gap', `${number.toLocaleString('en')} more happened too fast to be shown here; all of them are in the audit file.`));
  trim();
}

function addAll(happenings) {
  lines.prepend(...happenings.slice(-MOST_LINES).reverse().map(lineOf));
  trim();
}

function trim() {
  while (lines.children.length > MOST_LINES) lines.lastElementChild.remove();
  say();
}

function namePause() {
  pause.textContent = isPaused ? `Go on${held.length === 0 ? '' : ` (${held.length} new)`}` : 'Pause';
}

function lineOf(happening) {
  const line = element('li', `line ${happening.kind === 'request' ? happening.decision : happening.kind}`);
  const { summary, details } = happening.kind === 'request' ? requestLine(happening) : noteLine(happening);
  fill(line, details === undefined ? element('div', 'summary', ...summary) : element('details', '', element('summary', 'summary', ...summary), details));
  line.words = line.textContent.toLowerCase();
  line.hidden = !isWanted(line);
  return line;
}

function requestLine(request) {
  const { time, decision, reason, principal, server, method, name, durationMs } = request;
  const summary = [
    element('time', '', clockTime(time)),
    element('span', 'badge', DECISIONS[decision]),
    element('span', 'what', element('b', '', name ?? method ?? 'request'), server !== undefined && element('span', 'quiet', ` ${name === undefined ? '' : `${method} `}on ${server}`)),
    element('span', 'who', principal ?? 'nobody known'),
    element('span', 'reason', reason ?? ''),
    element('span', 'took', milliseconds(durationMs)),
  ];
  return { summary, details: detailsOf(request) };
}

function detailsOf({ policyIds, requestId, traceId, protocolVersion, requestBytes, responseBytes, httpStatus, upstream, risk, findings }) {
  const rows = [
    ['policies', policyIds.join(', ')],
    ['risk', risk === undefined ? '' : String(risk)],
    ['guard', findings.join(', ')],
    ['request', requestId],
    ['trace', traceId],
    ['answer', `HTTP ${httpStatus}, ${responseBytes.toLocaleString('en')} bytes for ${requestBytes.toLocaleString('en')}`],
    ['server', upstream === undefined ? 'nothing was sent to it' : upstream],
    ['protocol', protocolVersion ?? ''],
  ].filter(([, value]) => value !== '');
  return element('dl', 'facts', ...rows.flatMap(([name, value]) => [element('dt', '', name), element('dd', '', value)]));
}

function noteLine(note) {
  const { kind: what, time } = note;
  const middle = what === 'alert' ? [element('b', '', note.why), element('span', 'quiet', ` ${note.place ?? ''}`)] : [element('b', '', note.action.replaceAll('_', ' ')), element('span', 'quiet', ` ${note.what}`)];
  return {
    summary: [
      element('time', '', clockTime(time)),
      element('span', 'badge', WORDS[what]),
      element('span', 'what', ...middle),
      element('span', 'who', what === 'alert' ? (note.principal ?? '') : `by ${note.by}`),
      element('span', 'reason', what === 'alert' ? `risk ${note.risk}` : ''),
      element('span', 'took', ''),
    ],
  };
}

function filterAll() {
  for (const line of lines.children) line.hidden = !isWanted(line);
  say();
}

function isWanted(line) {
  if (line.classList.contains('gap')) return kind.value === 'all' && words.value === '';
  const is = (...classes) => classes.some((name) => line.classList.contains(name));
  const isOfKind = { all: true, refused: is('deny', 'error'), notable: is('alert', 'tool', 'grant'), calls: line.words.includes('tools/call') }[kind.value];
  return isOfKind && words.value.toLowerCase().split(/\s+/).every((word) => line.words.includes(word));
}

function say() {
  const isEmpty = lines.children.length === 0;
  nothing.hidden = !isEmpty && [...lines.children].some((line) => !line.hidden);
  nothing.textContent = isEmpty ? 'Nothing yet. Requests of MCP clients appear here.' : 'No line fits the filter.';
}
