/** Follows the gateway's events and shows them. */
import { addGap, addHappenings, forgetActivity, startActivity } from './activity.js';
import { byId, count } from './element.js';
import { showAlerts, showChain, showGrants, showServers, showSummary, tick } from './sections.js';
import { showTools } from './tools.js';

const SHOWN = { summary: showSummary, servers: showServers, grants: showGrants, chain: showChain, alerts: showAlerts, tools: (tools) => showTools(byId('tools'), tools) };
/** Between two announcements to whoever listens to the page, milliseconds. */
const BETWEEN_ANNOUNCEMENTS = 5_000;

const connection = byId('connection');
const announcer = byId('announcer');
let arrived = [];
let frame;
let unheard = { denied: 0, alerts: [] };
let announcedAt = -BETWEEN_ANNOUNCEMENTS;

function say(state, text) {
  if (connection.dataset.state === state) return;
  connection.dataset.state = state;
  connection.textContent = text;
}

/** What came since the last picture is shown together. */
function drawSoon() {
  frame ??= setTimeout(() => {
    frame = undefined;
    addHappenings(arrived.splice(0));
  }, 50);
}

function hear(happening) {
  if (happening.kind === 'request' && happening.decision !== 'allow') unheard.denied += 1;
  if (happening.kind === 'alert') unheard.alerts.push(happening.why);
}

/** Says what matters to whoever cannot see it, and not more often than can be listened to. */
function announce() {
  const { denied, alerts } = unheard;
  if (denied + alerts.length === 0 || performance.now() - announcedAt < BETWEEN_ANNOUNCEMENTS) return;
  announcer.textContent = [denied > 0 && `${count(denied, 'request')} denied or failed.`, alerts.length > 0 && `${count(alerts.length, 'alert')}: ${alerts.at(-1)}.`].filter(Boolean).join(' ');
  unheard = { denied: 0, alerts: [] };
  announcedAt = performance.now();
}

function follow() {
  const events = new EventSource('/live/events');
  events.addEventListener('open', () => say('live', 'live'));
  events.addEventListener('error', () => {
    say('lost', 'reconnecting');
    // Where the gateway refused, the browser does not try again by itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 3_000);
  });
  events.addEventListener('start', () => {
    arrived = [];
    forgetActivity();
  });
  events.addEventListener('gap', ({ data }) => addGap(Number(data)));
  events.addEventListener('happening', ({ data }) => {
    const happening = JSON.parse(data);
    hear(happening);
    arrived.push(happening);
    drawSoon();
  });
  for (const [name, show] of Object.entries(SHOWN)) events.addEventListener(name, ({ data }) => show(JSON.parse(data)));
}

startActivity();
follow();
setInterval(() => {
  tick();
  announce();
}, 1_000);
