import { Command, InvalidArgumentError, Option } from 'commander';
import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { GrantRefused, type Grant, type GrantState, type Target } from '../../lambda/grants';
import type { Principal } from '../../lambda/identity';
import { APPROVERS, loadConfigAtRest, localPrincipal, openAuditFile, openLocalGrants, readPolicies, signInUrl, StartError, writeGrantEvent, type LocalConfig, type LocalGrants } from '../../lambda/local';
import type { JsonObject } from '../../lambda/protocol';
import { currentUser } from '../current-user';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';
import { describeBlocks, describeGrant, describeGrants } from '../grants/describe';
import { painter } from '../tools/describe';

const EXAMPLES = `
A grant is named by the end of its id, as list prints it.

Examples:
  mcp-zero-trust grants list -c mcp.json --by carol
      what waits for a decision, what is in force, what is blocked
  mcp-zero-trust grants request -c mcp.json memory/delete_entities --as bob
      --arguments '{"entityNames": ["draft"]}' --purpose "INC-4711: clean up"
  mcp-zero-trust grants approve -c mcp.json 1c0ffee5 --by carol
  mcp-zero-trust grants deny -c mcp.json 1c0ffee5 --by carol --why "not today"
  mcp-zero-trust grants revoke -c mcp.json --principal bob --by carol --why "incident 42"
  mcp-zero-trust grants kill -c mcp.json --tool memory/delete_entities --by carol --why "incident 42"
      every gateway on this configuration refuses every such call within a second
  mcp-zero-trust grants kill -c mcp.json --tool memory/delete_entities --by carol --why "fixed" --lift
  mcp-zero-trust grants sign-in -c mcp.json --by carol
      an address that signs carol in to the approval page, once

The configuration needs "policies" and "grants": "FOLDER", or {folder, approvers}. --by has to be one of
the approvers, and is the user of this machine by default; the policies say what they may see and do, as
they do at the approval page.
`;

interface CommonOptions {
  readonly config: string;
}

interface ByOptions extends CommonOptions {
  readonly by?: string;
}

interface DecisionOptions extends ByOptions {
  readonly why: string;
}

interface TargetOptions extends DecisionOptions {
  readonly principal?: string;
  readonly agent?: true;
  readonly server?: string;
  readonly tool?: string;
  readonly all?: true;
  readonly lift?: true;
}

interface RequestOptions extends CommonOptions {
  readonly as: string;
  readonly agent?: true;
  readonly group: readonly string[];
  readonly purpose: string;
  readonly arguments?: JsonObject;
  readonly condition?: string;
  readonly uses?: number;
  readonly minutes?: number;
  readonly ticket?: string;
}

const STATES: readonly GrantState[] = ['requested', 'approved', 'denied', 'consumed', 'expired', 'revoked'];

/** `grants`: just-in-time grants, the decisions on them, and the kill switch. */
export function grantsCommand(): Command {
  const grants = new Command('grants').description('Ask for, decide on and revoke just-in-time grants; the kill switch.').addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`);
  const add = (name: string, description: string) =>
    grants.command(name).description(description).requiredOption('-c, --config <file>', 'configuration file with "grants"').addHelpText('after', EXIT_CODES_HELP);
  const addBy = (name: string, description: string) => add(name, description).option('--by <name>', 'which approver you are; the user of this machine by default');
  const addTarget = (name: string, description: string) =>
    addBy(name, description)
      .option('--principal <id>', 'all that this user has, or does')
      .option('--agent', 'the principal is an agent and not a user')
      .option('--server <name>', 'all that concerns this server')
      .option('--tool <server/tool>', 'all that concerns this tool')
      .option('--all', 'everything')
      .requiredOption('--why <text>', 'why, for the history');

  addBy('list', 'List grants, what needs a decision first, and what is blocked.')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--principal <id>', 'only those of this principal')
    .addOption(new Option('--format <format>', 'how to list').choices(['text', 'json']).default('text'))
    .action(list);
  add('request', 'Ask for a grant for somebody.')
    .argument('<tool>', 'server/tool')
    .requiredOption('--as <id>', 'who would use it')
    .option('--agent', 'that is an agent and not a user')
    .option('--group <name>', 'a group that their token has', (name: string, groups: string[]) => [...groups, name], [])
    .requiredOption('--purpose <text>', 'what it is for')
    .option('--arguments <json>', 'exactly these arguments', parseArguments)
    .option('--condition <cedar>', 'a Cedar expression on the call instead, such as context.arguments.path like "inbox/*"')
    .option('--uses <number>', 'how many calls; 1 by default', parseNumber)
    .option('--minutes <number>', 'for how long after the approval; 5 by default', parseNumber)
    .option('--ticket <text>', 'where the work is tracked')
    .action(request);
  addBy('approve', 'Approve a request.').argument('<grant>').option('--why <text>', 'why, for the history').action(deciding((desk, id, by, why) => desk.approve(id, by, why)));
  addBy('deny', 'Deny a request.').argument('<grant>').requiredOption('--why <text>', 'why, for the history').action(deciding((desk, id, by, why) => desk.deny(id, by, why ?? '')));
  addTarget('revoke', 'Revoke one grant, or all that concern something.').argument('[grant]').action(revoke);
  addTarget('kill', 'Refuse every call of a principal, to a server or a tool, or all of them, and revoke the grants; at once, everywhere.').option('--lift', 'end that').action(kill);
  addBy('sign-in', 'Print an address that signs an approver in to the approval page, once.').action(signIn);
  return grants;
}

function parseArguments(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Expected a JSON object, for example \'{"path": "inbox/a.txt"}\'.');
}

function parseNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

async function list({ config, by, state, principal, format }: ByOptions & { readonly state?: GrantState; readonly principal?: string; readonly format: 'text' | 'json' }): Promise<void> {
  await withGrants(config, async ({ desk }, setup) => {
    const viewer = setup.approver(by);
    const [all, blocks] = await Promise.all([desk.list(viewer), desk.blocks(viewer)]);
    const chosen = all.filter((grant) => (state === undefined || grant.state === state) && (principal === undefined || grant.terms.principal.id === principal));
    process.stdout.write(format === 'json' ? `${JSON.stringify({ grants: chosen, blocked: blocks }, undefined, 2)}\n` : `${describeBlocks(blocks, paint())}${describeGrants(chosen, Date.now(), paint())}\n`);
  });
}

async function request(name: string, { config, as, agent, group, purpose, arguments: given, condition, uses, minutes, ticket }: RequestOptions): Promise<void> {
  await withGrants(config, async ({ desk }, setup) => {
    const { server, tool } = parseTool(name);
    const requester = setup.principal(as, group, agent);
    const grant = await desk.request(requester, { server, tool, purpose, arguments: given, condition, uses, lifetimeSeconds: minutes === undefined ? undefined : minutes * 60, ticket });
    process.stdout.write(`${describeGrant(grant, Date.now(), paint())}\n`);
  });
}

function deciding(decide: (desk: LocalGrants['desk'], id: string, by: Principal, why: string | undefined) => Promise<Grant>) {
  return (end: string, { config, by, why }: ByOptions & { readonly why?: string }) =>
    withGrants(config, async ({ desk }, setup) => {
      const approver = setup.approver(by);
      const grant = await decide(desk, await idOf(desk, end, approver), approver, why);
      process.stdout.write(`${describeGrant(grant, Date.now(), paint())}\n`);
    });
}

async function revoke(end: string | undefined, options: TargetOptions, command: Command): Promise<void> {
  const targets = countTargets(options);
  if ((end === undefined ? 0 : 1) + targets !== 1) command.error('error: expected either a grant, or one of --principal, --server, --tool and --all');
  await withGrants(options.config, async ({ desk }, setup) => {
    const by = setup.approver(options.by);
    if (end === undefined) await desk.mark(targetOf(options, setup), 'revoke', by, options.why);
    else await desk.revoke(await idOf(desk, end, by), by, options.why);
    process.stdout.write('Revoked.\n');
  });
}

async function kill(options: TargetOptions, command: Command): Promise<void> {
  if (countTargets(options) !== 1) command.error('error: expected one of --principal, --server, --tool and --all');
  await withGrants(options.config, async ({ desk }, setup) => {
    await desk.mark(targetOf(options, setup), options.lift ? 'unblock' : 'block', setup.approver(options.by), options.why);
    process.stdout.write(options.lift ? 'Lifted. What was revoked stays revoked.\n' : 'Blocked, until it is lifted with --lift.\n');
  });
}

async function signIn({ config, by }: ByOptions): Promise<void> {
  await withGrants(config, async (local, { approver, url }) => {
    process.stdout.write(`${await signInUrl(local, url, approver(by))}\n`);
  });
}

function countTargets({ principal, server, tool, all }: TargetOptions): number {
  return [principal, server, tool, all].filter((one) => one !== undefined).length;
}

function targetOf({ principal, agent, server, tool }: TargetOptions, setup: Setup): Target {
  if (principal !== undefined) return { kind: 'principal', principal: setup.principal(principal, [], agent) };
  if (server !== undefined) return { kind: 'server', server: setup.server(server) };
  if (tool !== undefined) {
    const named = parseTool(tool);
    return { kind: 'tool', server: setup.server(named.server), tool: named.tool };
  }
  return { kind: 'everything' };
}

function parseTool(name: string): { readonly server: string; readonly tool: string } {
  const slash = name.indexOf('/');
  if (slash < 1 || slash === name.length - 1) throw new StartError(`${name}: expected server/tool, for example memory/delete_entities`);
  return { server: name.slice(0, slash), tool: name.slice(slash + 1) };
}

async function idOf(desk: LocalGrants['desk'], end: string, by: Principal): Promise<string> {
  const found = (await desk.list(by)).filter(({ id }) => id.endsWith(end));
  if (found.length > 1) throw new StartError(`${end}: ${found.length} grants end so, expected more of the id`);
  return found[0]?.id ?? end;
}

/** Who people are, in the words of the configuration. */
interface Setup {
  readonly url: string;
  approver(name: string | undefined): Principal;
  principal(id: string, groups: readonly string[], agent: true | undefined): Principal;
  server(name: string): string;
}

function setupOf(config: LocalConfig, file: string): Setup {
  const url = config.publicUrl ?? `http://${config.listen.host}:${config.listen.port}`;
  const approvers = config.grants?.approvers ?? [];
  return {
    url,
    approver(name = currentUser()) {
      if (!approvers.includes(name)) throw new StartError(`${file}: ${name} is not one of the "approvers" of "grants" (${approvers.join(', ') || 'there are none'}); say who you are with --by NAME`);
      return localPrincipal(config, url, name, [APPROVERS]);
    },
    principal: (id, groups, agent) => localPrincipal(config, url, id, groups, agent ? 'Agent' : 'User'),
    server(name) {
      if (!config.servers.some((server) => server.name === name)) throw new StartError(`${file}: there is no server ${name}`);
      return name;
    },
  };
}

async function withGrants(file: string, use: (local: LocalGrants, setup: Setup) => Promise<void>): Promise<void> {
  const config = loadConfigAtRest(file);
  if (config.grants === undefined || config.policies === undefined) throw new StartError(`${file}: the key "grants" is missing, the folder in which they are kept`);
  const decisionPoint = createCedarDecisionPoint({ policies: readPolicies(config.policies).policies });
  // What happens belongs into the audit file, whoever does it (LOG-1); where it cannot be written, nothing is done.
  const auditFile = config.audit === undefined ? undefined : openAuditFile(config.audit);
  let local: LocalGrants | undefined;
  try {
    local = await openLocalGrants(config.grants, config.servers.map(({ name }) => name), decisionPoint, (event) => void (auditFile && writeGrantEvent(auditFile, event)));
    await use(local, setupOf(config, file));
  } catch (error) {
    if (!(error instanceof GrantRefused)) throw error;
    process.stderr.write(`${escapeUnprintable(`Nothing was done: ${error.message}.`)}\n`);
    process.exitCode = ExitCode.FINDING;
  } finally {
    await local?.close();
    auditFile?.end();
  }
}

function paint() {
  return painter(Boolean(process.stdout.isTTY) && !process.env.NO_COLOR);
}
