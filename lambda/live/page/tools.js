/** Definitions that no model gets to see, with the words that are to blame. */
import { byId, clockTime, count, element, fill, withAttributes } from './element.js';

const ABSENT = { not_configured: 'There is no registry of tools: the policies alone decide what is served.', unreadable: 'The registry cannot be read now. What was approved is served for half a minute, then nothing.' };

/** Cards that are open when they come. */
const MOST_OPEN = 2;

export function showTools(place, tools) {
  if (tools.absent !== undefined) {
    fill(place, element('p', 'quiet', ABSENT[tools.absent]));
    return;
  }
  const { quarantined, waiting, approved, more } = tools;
  const open = new Set([...place.querySelectorAll('details[open]')].map(({ id }) => id));
  fill(
    place,
    element('p', 'quiet', `${count(approved, 'definition')} approved, ${quarantined.length} in quarantine, ${waiting.length + more} waiting for people.`),
    ...quarantined.map((tool, place) => cardOf(tool, true, open, place < MOST_OPEN)),
    ...waiting.map((tool) => cardOf(tool, false, open)),
    more > 0 && element('p', 'quiet', `and ${more} more: mcp-zero-trust tools list`),
  );
}

function cardOf(tool, isQuarantined, open, isFirst = false) {
  const { id, state, since, why, verdict, score, findings, texts } = tool;
  const heading = [element('b', 'name', id), element('span', 'badge', isQuarantined ? 'quarantined' : 'waits'), element('span', 'why', `${why ?? state}${since === undefined ? '' : `, ${clockTime(since)}`}`)];
  const opinion = verdict !== undefined && element('p', 'opinion', `The detector says ${verdict}, score ${score.toFixed(2)}${findings.length === 0 ? ', and found nothing.' : `, for ${count(findings.length, 'reason')}:`}`);
  const key = `tool ${id}`;
  const card = element('details', `card ${isQuarantined ? 'quarantined' : 'waits'}`, element('summary', '', ...heading), opinion, ...texts.map(textOf), findings.length > 0 && findingsOf(findings));
  card.id = key;
  card.open = open.has(key) || (isQuarantined && isFirst && !byId(key));
  return card;
}

function textOf({ pointer, pieces }) {
  const words = pieces.map(({ text, findings = [] }, place) => {
    // The number of a finding stands where its words end.
    const ending = findings.filter((index) => !pieces[place + 1]?.findings?.includes(index)).map((index) => index + 1);
    return findings.length === 0 ? text : element('mark', '', text, ending.length > 0 && element('sup', '', ending.join(',')));
  });
  return element('figure', 'text', element('figcaption', '', pointer === '' ? '/' : pointer), element('blockquote', '', ...words));
}

function findingsOf(findings) {
  const list = element('ol', 'findings', ...findings.map(({ rule, severity, sentence }) => element('li', '', element('span', `severity ${severity}`, severity), ` ${sentence} `, element('span', 'quiet', rule))));
  return withAttributes(list, { 'aria-label': 'Findings' });
}
