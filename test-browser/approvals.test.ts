import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createSeal } from '../lambda/gateway/sessions';
import { createGrantSite, createSignInLinks, type GrantDesk, type SignInLinks } from '../lambda/grants';
import type { Principal } from '../lambda/identity';
import { startHttpServer, type HttpServer } from '../lambda/local/http-server';
import { bob, carol, erin, memoryStore, startDesk } from '../test/grants/fixtures';
import { startBrowser } from './browser';

/** Where screenshots go, where somebody wants to look at them. */
const SCREENSHOTS = process.env.SCREENSHOTS;

const REQUEST = {
  server: 'memory',
  tool: 'delete_entities',
  purpose: 'INC-4711: remove what the broken import left behind',
  ticket: 'INC-4711',
  arguments: { entityNames: ['draft 2026-11-21', 'draft 2026-11-22'], cascade: true },
  annotations: { destructiveHint: true },
};

describe('the approval page in Chromium', () => {
  let browser: Browser;
  let http: HttpServer;
  let evil: Server;
  let url: string;
  let desk: GrantDesk;
  let links: SignInLinks;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    const store = memoryStore();
    http = await startHttpServer({ host: '127.0.0.1', port: 0 });
    url = `http://127.0.0.1:${http.address.port}`;
    ({ desk } = startDesk({ store, clock: Date.now }));
    links = createSignInLinks(store);
    const authenticator = { authenticate: async () => ({ ok: false as const, status: 401 as const, challenge: 'Bearer', reason: 'no_token' }) };
    const site = createGrantSite({ desk, publicUrl: url, servers: ['memory', 'files'], authenticator, seal: createSeal(randomBytes(32)), signIn: { kind: 'links', links } });
    http.serve({ fetch: async (request) => (await site.fetch(request)).response });
    // The pages work without scripts, so they are tried without.
    context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1100, height: 900 } });
    page = await context.newPage();
    problems = [];
    page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())));
    page.on('requestfailed', (request) => void problems.push(`${request.url()} ${request.failure()?.errorText}`));
  });
  afterEach(async () => {
    await context.close();
    evil?.close();
    await http.stop();
  });

  async function signIn(who: Principal): Promise<void> {
    await page.goto(`${url}/approvals/sign-in?secret=${await links.issue(who)}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${url}/approvals`);
  }

  async function photograph(name: string): Promise<void> {
    if (SCREENSHOTS === undefined) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  }

  test('JIT-5 an approver signs in, reads who asks for what, and approves', async () => {
    const { id } = await desk.request(bob, REQUEST);
    await desk.request(bob, { ...REQUEST, tool: 'delete_relations', arguments: undefined, condition: 'context.arguments.entityNames.contains("draft")', purpose: 'the same for relations' });
    await signIn(erin);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('2 requests wait for a decision');
    await photograph('list');
    await page.getByRole('link', { name: /delete_entities/ }).click();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('bob asks to call delete_entities of memory');
    const text = await page.locator('main').textContent();
    for (const shown of ['draft 2026-11-21', 'cascade', 'INC-4711: remove what the broken import left behind', 'one call', '5 min from the approval', 'may destroy something']) expect(text).toContain(shown);
    await photograph('request');
    await page.getByLabel(/Why/).fill('checked with the import team');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('in force').first().waitFor();
    expect(await desk.find(id, bob)).toMatchObject({ state: 'approved', approvals: [{ by: { id: 'erin' }, why: 'checked with the import team' }] });
    await photograph('approved');
    expect(problems).toEqual([]);
  });

  test('an approver denies, and has to say why', async () => {
    const { id } = await desk.request(bob, REQUEST);
    await signIn(carol);
    await page.goto(`${url}/approvals/${id}`);
    await page.getByRole('button', { name: 'Deny' }).click();
    expect(await page.getByText('Nothing was decided').textContent()).toContain('why');
    await page.getByLabel(/Why/).fill('not today');
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByText('not today').waitFor();
    expect(await desk.find(id, bob)).toMatchObject({ state: 'denied', why: 'not today' });
  });

  test('JIT-4 the kill switch is two clicks away, and is lifted again', async () => {
    await signIn(carol);
    await page.getByLabel('What').selectOption({ label: 'the server memory' });
    await page.locator('#kill-why').fill('incident 42');
    await page.getByRole('button', { name: 'Block' }).click();
    await page.getByText('Access to the server memory is blocked').waitFor();
    await photograph('blocked');
    expect(await desk.blocks(carol)).toHaveLength(1);
    await page.getByRole('button', { name: 'Lift the block' }).click();
    await page.waitForURL(`${url}/approvals`);
    expect(await page.getByText('is blocked').count()).toBe(0);
    expect(await desk.blocks(carol)).toEqual([]);
  });

  test('a script that somebody asks for access with never runs', async () => {
    const { id } = await desk.request(bob, { ...REQUEST, purpose: '<script>document.title = "owned"</script><img src=x onerror="document.title = \'owned\'">' });
    await context.close();
    context = await browser.newContext({ javaScriptEnabled: true });
    page = await context.newPage();
    await signIn(erin);
    await page.goto(`${url}/approvals/${id}`);
    expect(await page.title()).toBe('delete_entities of memory');
    expect(await page.locator('main img, main script').count()).toBe(0);
  });

  test('CSRF: a form on another site, and a page in a frame, decide nothing', async () => {
    const { id } = await desk.request(bob, REQUEST);
    const attack = `<form method="post" action="${url}/approvals/${id}"><input name="decision" value="approve"><button>win a prize</button></form><iframe src="${url}/approvals/${id}"></iframe>`;
    evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end(attack)).listen(0, '127.0.0.1');
    await new Promise((resolve) => evil.once('listening', resolve));
    await signIn(erin);
    await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
    expect(await page.frameLocator('iframe').getByText('asks to call').count().catch(() => 0)).toBe(0);
    const posted = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: 'win a prize' }).click();
    // The browser sends no cookie with a form of another site, so nobody is signed in.
    expect((await posted).headers().location).toContain('/approvals/sign-in');
    expect(await desk.find(id, bob)).toMatchObject({ state: 'requested' });
  });

  test('fits a telephone, and the dark', async () => {
    const { id } = await desk.request(bob, { ...REQUEST, purpose: 'x'.repeat(400), arguments: { entityNames: ['y'.repeat(300)] } });
    await context.close();
    context = await browser.newContext({ javaScriptEnabled: true, viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    page = await context.newPage();
    await signIn(erin);
    await page.goto(`${url}/approvals/${id}`);
    const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(wide).toBe(0);
    await photograph('telephone');
  });

  test('who signs out has to sign in again', async () => {
    await signIn(erin);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/sign-in/);
    await page.goto(`${url}/approvals`);
    expect(page.url()).toContain('/approvals/sign-in');
  });
});
