import { canonicalJson } from '../../protocol';
import { isSame, nameOf, type Approval, type Grant, type GrantPrincipal, type GrantTerms } from '../grant';
import type { Mark, Target } from '../marks';
import { html, type Html } from './html';

/** What every page of somebody who is signed in needs. */
export interface PageContext {
  readonly viewer: GrantPrincipal;
  readonly now: number;
  readonly servers: readonly string[];
  /** Of a form that posts to `path`. */
  formToken(path: string): string;
}

/** @param base Path under which the gateway is reached, `/v1` or nothing */
export function page(title: string, base: string, main: Html, context?: PageContext): string {
  const signOut = context && html`<form method="post" action="/approvals/sign-out">${token(context, '/approvals/sign-out')}<span>${context.viewer.id}</span><button class="small">Sign out</button></form>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/approvals/style.css">
</head>
<body>
<header class="top"><a href="/approvals">Approvals</a>${signOut}</header>
<main>
${main}
</main>
</body>
</html>
`.text.replace(OWN_ADDRESS, `$1="${base}/approvals`);
}

/** Text of others holds no quotes once it is escaped, so this is always ours. */
const OWN_ADDRESS = /(href|action)="\/approvals/g;

function token(context: PageContext, path: string): Html {
  return html`<input type="hidden" name="form" value="${context.formToken(path)}">`;
}

/** Everything that waits, holds, or ended lately, and the kill switch. */
export function overview(context: PageContext, grants: readonly Grant[], blocks: readonly Mark[], mayBlock: boolean, notice?: Html): Html {
  const waiting = grants.filter(({ state }) => state === 'requested');
  const live = grants.filter(({ state }) => state === 'approved');
  const over = grants.filter(({ state }) => state !== 'requested' && state !== 'approved').slice(0, 20);
  return html`${notice}<h1>${waiting.length === 0 ? 'Nothing waits for a decision' : waiting.length === 1 ? 'One request waits for a decision' : `${waiting.length} requests wait for a decision`}</h1>
${blocks.map((mark) => blockNotice(context, mark))}
${waiting.length > 0 && listOf(waiting)}
${live.length > 0 && html`<h2>In force now</h2>${listOf(live)}`}
${over.length > 0 && html`<h2>Lately</h2>${listOf(over)}`}
${mayBlock && killSwitch(context)}`;
}

function listOf(grants: readonly Grant[]): Html {
  return html`<ul class="grants">${grants.map(
    (grant) => html`<li><a href="/approvals/${grant.id}"><span class="what">${grant.terms.principal.id}: ${grant.terms.tool} of ${grant.terms.server}</span>${badge(grant)}<span class="why">${grant.terms.purpose}</span></a></li>`,
  )}</ul>`;
}

const STATES: Readonly<Record<Grant['state'], string>> = { requested: 'waiting', approved: 'in force', denied: 'denied', consumed: 'used', expired: 'expired', revoked: 'revoked' };

function badge(grant: Grant): Html {
  return html`<span class="badge ${grant.state}">${STATES[grant.state]}</span>`;
}

function blockNotice(context: PageContext, { target, by, why, at }: Mark): Html {
  const path = '/approvals/kill-switch';
  return html`<div class="notice bad"><p><strong>${describeTarget(target)} blocked</strong> by ${by.id} at ${time(at)}: ${why}</p><form method="post" action="${path}">${token(context, path)}<input type="hidden" name="target" value="${JSON.stringify(target)}"><input type="hidden" name="effect" value="unblock"><input type="hidden" name="why" value="lifted at the page"><button class="small">Lift the block</button></form></div>`;
}

function describeTarget(target: Target): string {
  switch (target.kind) {
    case 'everything':
      return 'All access is';
    case 'principal':
      return `The access of ${nameOf(target.principal)} is`;
    case 'server':
      return `Access to the server ${target.server} is`;
    case 'tool':
      return `Access to ${target.tool} of ${target.server} is`;
    case 'address':
      return `Access from ${target.address} is`;
  }
}

function killSwitch(context: PageContext): Html {
  const path = '/approvals/kill-switch';
  const targets: Target[] = [{ kind: 'everything' }, ...context.servers.map((server): Target => ({ kind: 'server', server }))];
  return html`<h2>Kill switch</h2>
<form class="card" method="post" action="${path}">${token(context, path)}
<p class="quiet">Takes every grant away that concerns it. With a block, every call is refused as well, everywhere and within a second, until the block is lifted.</p>
<div class="row"><div><label for="target">What</label><select id="target" name="target">${targets.map((target) => html`<option value="${JSON.stringify(target)}">${target.kind === 'server' ? `the server ${target.server}` : 'everything'}</option>`)}</select></div>
<div><label for="kill-why">Why</label><input id="kill-why" type="text" name="why" maxlength="500" required autocomplete="off"></div></div>
<div class="buttons"><button class="deny" name="effect" value="block">Block</button><button name="effect" value="revoke">Revoke grants only</button></div>
</form>`;
}

/** One grant: who asks, which tool with which arguments, for what, until when. */
export function grantPage(context: PageContext, grant: Grant, notice?: Html): Html {
  const { terms } = grant;
  return html`${notice}<h1>${terms.principal.id} asks to call ${terms.tool} of ${terms.server}</h1>
<div class="card"><dl>
<dt>State</dt><dd>${badge(grant)}</dd>
<dt>Who</dt><dd>${who(terms.principal)}${!isSame(terms.principal, grant.requestedBy) && html`, asked for by ${who(grant.requestedBy)}`}</dd>
<dt>Tool</dt><dd><code>${terms.server}/${terms.tool}</code>${hints(terms)}</dd>
<dt>Arguments</dt><dd>${argumentsOf(terms)}</dd>
<dt>For</dt><dd>${terms.purpose}${terms.ticket !== undefined && html` <span class="quiet">(${terms.ticket})</span>`}</dd>
${terms.risk !== undefined && html`<dt>Risk</dt><dd>${terms.risk} of 100 when it was asked</dd>
`}<dt>How often</dt><dd>${terms.uses === 1 ? 'one call' : `up to ${terms.uses} calls`}${'uses' in grant && grant.uses.length > 0 && html`, <span class="quiet">${grant.uses.length} made</span>`}</dd>
<dt>Until</dt><dd>${until(grant, context.now)}</dd>
${'approvals' in grant && grant.approvals.length > 0 && html`<dt>Approved by</dt><dd>${grant.approvals.map(approval)}</dd>`}
${'by' in grant && html`<dt>${grant.state === 'denied' ? 'Denied' : 'Revoked'}</dt><dd>${grant.by !== undefined && html`by ${grant.by.id}, `}${time(grant.at)}: ${grant.why}</dd>`}
</dl></div>
${actions(context, grant)}`;
}

function who(principal: GrantPrincipal): Html {
  return html`${principal.id} <span class="quiet">(${principal.type === 'Agent' ? 'an agent' : 'a person'}, says ${principal.issuer})</span>`;
}

function hints({ annotations }: GrantTerms): Html | undefined {
  const said = [
    annotations?.readOnlyHint === true && 'only reads',
    annotations?.readOnlyHint !== true && annotations?.destructiveHint === true && 'may destroy something',
    annotations?.openWorldHint === true && 'reaches the open world',
  ].filter((hint) => hint !== false);
  return said.length === 0 ? undefined : html` <span class="quiet">its server says: ${said.join(', ')}</span>`;
}

function argumentsOf({ arguments: limit }: GrantTerms): Html {
  switch (limit.kind) {
    case 'any':
      return html`<strong>any arguments</strong>`;
    case 'condition':
      return html`any for which this holds:<pre>${limit.cedar}</pre>`;
    case 'exact':
      return limit.shown === undefined
        ? html`exactly those with the digest <code>${limit.digest.slice(0, 16)}</code>`
        : html`<pre>${JSON.stringify(JSON.parse(canonicalJson(limit.shown)), undefined, 2)}</pre><span class="quiet">exactly these, and no others</span>`;
  }
}

function until(grant: Grant, now: number): Html {
  const minutes = grant.terms.lifetimeSeconds % 60 === 0 ? `${grant.terms.lifetimeSeconds / 60} min` : `${grant.terms.lifetimeSeconds} s`;
  switch (grant.state) {
    case 'requested':
      return html`${minutes} from the approval on <span class="quiet">(asked ${time(grant.requestedAt)}; to be decided by ${time(grant.decideBy)})</span>`;
    case 'approved':
      return html`${time(grant.expiresAt)} <span class="quiet">(${Math.max(0, Math.ceil((grant.expiresAt - now) / 1_000))} s left)</span>`;
    default:
      return html`over`;
  }
}

function approval({ by, at, why }: Approval): Html {
  return html`<div>${by.type === 'Policy' ? `the policy ${by.id}` : by.id} <span class="quiet">${time(at)}${why !== undefined && html`: ${why}`}</span></div>`;
}

function actions(context: PageContext, grant: Grant): Html | undefined {
  const path = `/approvals/${grant.id}`;
  const form = (main: Html) => html`<form class="card" method="post" action="${path}">${token(context, path)}${main}</form>`;
  if (grant.state === 'approved') {
    return form(html`<label for="why">Why</label><input id="why" type="text" name="why" maxlength="500" required autocomplete="off"><div class="buttons"><button class="deny" name="decision" value="revoke">Revoke</button></div>`);
  }
  if (grant.state !== 'requested') return undefined;
  if (isSame(grant.terms.principal, context.viewer) || isSame(grant.requestedBy, context.viewer)) return html`<p class="notice">You asked for this yourself: somebody else has to decide.</p>`;
  return form(
    html`<label for="why">Why <span class="quiet">(needed to deny)</span></label><input id="why" type="text" name="why" maxlength="500" autocomplete="off"><div class="buttons"><button class="approve" name="decision" value="approve">Approve</button><button class="deny" name="decision" value="deny">Deny</button></div>`,
  );
}

/** For whoever has no session: how to get one. */
export function signInPage(secret: string | undefined, next: string, problem?: string): Html {
  const notice = problem !== undefined && html`<p class="notice bad">${problem}</p>`;
  if (secret === undefined) {
    return html`${notice}<h1>Sign in to decide</h1><div class="card"><p>This page is for people who approve access of agents and users to tools.</p><p>If you are one of them, open your own sign-in link: the gateway prints one for each approver when it starts.</p><p class="quiet">If you asked for access yourself, give the address of this page to somebody who may approve it.</p></div>`;
  }
  return html`${notice}<h1>Sign in to decide</h1><form class="card" method="post" action="/approvals/sign-in"><p>This link signs you in once.</p><input type="hidden" name="secret" value="${secret}"><input type="hidden" name="next" value="${next}"><div class="buttons"><button class="approve">Sign in</button></div></form>`;
}

export function messagePage(title: string, sentence: string): Html {
  return html`<h1>${title}</h1><p class="card">${sentence}</p>`;
}

function time(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}
