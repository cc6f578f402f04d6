import { Command, InvalidArgumentError, Option } from 'commander';
import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { pinStartingWith, StepRefused, verifyRegistry, type ApprovalDecision, type Decision, type LifeCycleState, type Pin, type StoredRecord, type ToolRegistry } from '../../lambda/integrity';
import { loadConfig, probeServers, StartError } from '../../lambda/local';
import type { DecisionRequest } from '../../lambda/onboarding';
import { RevisionConflict } from '../../lambda/stores';
import { environmentFor } from '../ask-inputs';
import { currentUser } from '../current-user';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';
import { sendDecisions, type DecisionTarget } from '../tools/decide-in-aws';
import { describeHistory, describeList, describeRecord, describeReview, painter } from '../tools/describe';
import { fail, findRecord, withLocalRegistry, withRegistry, type RegistrySource } from '../tools/open-registry';

const EXAMPLES = `
A tool is named server/tool; the instructions of a server are named by the server alone.

Examples:
  mcp-zero-trust tools discover -c mcp.json
      ask the servers what they offer, and scan it
  mcp-zero-trust tools list -c mcp.json --state review
  mcp-zero-trust tools show -c mcp.json files/read_file
  mcp-zero-trust tools approve -c mcp.json files/read_file --pin 2ed8b8595776 --why "read it, it reads"
      exactly the definition that was read, by the pin that show prints
  mcp-zero-trust tools approve -c mcp.json --all --why "first look, nothing found"
  mcp-zero-trust tools diff -c mcp.json files/read_file
      what changed since it was approved, word by word
  mcp-zero-trust tools quarantine -c mcp.json files/read_file --why "incident 42"
  mcp-zero-trust tools verify -c mcp.json

The configuration needs "registry": "FOLDER", or {folder, key, approvalDays, twoPersons,
sensitiveTools}. A gateway on the same configuration may run meanwhile: what is decided
holds there within seconds. Sensitive tools need two people: the second one approves
with --by NAME, or as another user of this machine.

A registry in AWS takes --table in the place of --config to read, --key besides to verify,
and --url to decide: outputs of its stack. They may stand in MCP_REGISTRY_TABLE,
MCP_REGISTRY_KEY and MCP_REGISTRY_URL. Credentials and region are found as the AWS CLI
finds them; who decides is who they belong to.

  mcp-zero-trust tools list --table TABLE --state review
  mcp-zero-trust tools verify --table TABLE --key KEY
  mcp-zero-trust tools approve files/read_file --url URL --pin 2ed8b8595776 --why "read it"
  mcp-zero-trust tools discover --url URL
`;

const STATES: readonly LifeCycleState[] = ['discovered', 'scanned', 'review', 'approved', 'quarantined', 'revoked'];

interface DecisionOptions extends RegistrySource {
  readonly by?: string;
  readonly why: string;
}

interface ApproveOptions extends DecisionOptions {
  readonly all?: true;
  /** The first digits, or all. */
  readonly pin?: string;
  readonly despiteFindings?: true;
}

interface ListOptions extends RegistrySource {
  readonly state?: LifeCycleState;
  readonly server?: string;
  readonly format: 'text' | 'json';
}

/** `tools`: which tools are approved, and the decisions on them. */
export function toolsCommand(): Command {
  const tools = new Command('tools').description('See and decide which tools are approved.').addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`);
  const add = (name: string, description: string) =>
    tools
      .command(name)
      .description(description)
      .option('-c, --config <file>', 'configuration file with a "registry"')
      .addOption(new Option('--table <name>', 'table of a registry in AWS').env('MCP_REGISTRY_TABLE'))
      .option('--region <name>', 'AWS region; that of the environment by default')
      .addHelpText('after', EXIT_CODES_HELP);
  const addTo = (command: Command) => command.addOption(new Option('--url <url>', 'where a registry in AWS takes decisions').env('MCP_REGISTRY_URL'));
  const addDecision = (name: string, description: string) =>
    addTo(add(name, description)).option('--by <name>', 'who decides; the user of this machine by default, and in AWS whose credentials they are').requiredOption('--why <text>', 'why, for the history');

  addTo(add('discover', 'Ask the servers what they offer, and scan what is new.')).action(discover);
  add('list', 'List what is known, what needs a decision first.')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--server <name>', 'only those of this server')
    .addOption(new Option('--format <format>', 'how to list').choices(['text', 'json']).default('text'))
    .action(list);
  add('show', 'Show a definition, what the scan found in it, and where it stands.').argument('<tool>').action(show);
  add('diff', 'Show word by word what changed since the last approval, and which findings are new.').argument('<tool>').action(diff);
  addDecision('approve', 'Approve definitions as they are now, or renew approvals.')
    .argument('[tools...]')
    .option('--all', 'all that wait for review and in which the scan found nothing')
    .option('--pin <pin>', 'the definition that was read, by the pin that show and diff print; refused where it is another one by now', parsePin)
    .option('--despite-findings', 'overrule a scan that rejects')
    .action(approve);
  addDecision('reject', 'Refuse definitions that wait for a decision.').argument('<tools...>').action(deciding('reject'));
  addDecision('quarantine', 'Stop tools from being served, until they are approved again.').argument('<tools...>').action(deciding('quarantine'));
  addDecision('revoke', 'Stop tools for good: only another definition can be approved.').argument('<tools...>').action(deciding('revoke'));
  add('history', 'Show every step: when, what, who, why.').argument('<tool>').action(history);
  add('verify', 'Verify every approval against the signed log.')
    .addOption(new Option('--key <arn>', 'key that signs the log of a registry in AWS').env('MCP_REGISTRY_KEY'))
    .action(verify);
  return tools;
}

function parsePin(text: string): string {
  if (/^[0-9a-f]{12,64}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected at least the first 12 digits of the pin that "tools show" prints.');
}

async function discover(options: RegistrySource): Promise<void> {
  if (options.config === undefined) return decideInAws(options, [{ action: 'discover' }]);
  const whole = loadConfig(options.config, await environmentFor(options.config));
  await withLocalRegistry(options.config, async (local, config) => {
    const probe = await probeServers(config.servers);
    try {
      for (const result of probe.results.values()) if (!result.ok) fail(ExitCode.USAGE, result.reason);
      const stored = await local.observe(probe, whoIs(undefined));
      process.stdout.write(`${describeList(stored, paint())}\n`);
    } finally {
      await probe.close();
    }
  }, whole);
}

async function list({ state, server, format, ...source }: ListOptions): Promise<void> {
  await withRegistry(source, async ({ registry }) => {
    const all = await registry.list();
    const chosen = all.filter(({ record }) => (state === undefined || record.state === state) && (server === undefined || record.subject.server === server));
    if (format === 'json') process.stdout.write(`${JSON.stringify(chosen.map(({ id, revision, record }) => ({ id, revision, ...record })), undefined, 2)}\n`);
    else if (chosen.length === 0 && all.length > 0) process.stdout.write('Nothing of that kind.\n');
    else process.stdout.write(`${describeList(chosen, paint())}\n`);
  });
}

async function show(id: string, source: RegistrySource): Promise<void> {
  await withRegistry(source, async (opened) => {
    const stored = await findRecord(opened, id);
    process.stdout.write(`${describeRecord(stored, await opened.registry.definition(stored.record.pin), paint())}\n`);
  });
}

async function diff(id: string, source: RegistrySource): Promise<void> {
  await withRegistry(source, async ({ registry }) => {
    process.stdout.write(`${describeReview(id, await registry.review(id), paint())}\n`);
  });
}

async function history(id: string, source: RegistrySource): Promise<void> {
  await withRegistry(source, async (opened) => {
    await findRecord(opened, id);
    process.stdout.write(`${describeHistory(await opened.registry.history(id), paint())}\n`);
  });
}

async function approve(ids: readonly string[], options: ApproveOptions, command: Command): Promise<void> {
  const { all, pin, despiteFindings } = options;
  if ((ids.length === 0) === (all === undefined)) command.error('error: expected either tools or --all');
  if (pin !== undefined && ids.length !== 1) command.error('error: --pin goes with one tool');
  if (options.config === undefined) {
    const chosen = all ? await cleanOnes(options) : ids;
    return decideInAws(options, chosen.map((id) => ({ action: 'approve', id, why: options.why, pin, despiteFindings })));
  }
  await withLocalRegistry(options.config, async ({ registry }) => {
    const decision: ApprovalDecision = { ...decisionOf(options), pin: pin === undefined ? undefined : await fullPin(registry, ids[0] ?? '', pin), despiteFindings };
    const chosen = all ? (await registry.list()).filter(isClean).map(({ id }) => id) : ids;
    sayWhereNothing(chosen);
    await decideOn(chosen, (id) => registry.approve(id, decision));
  });
}

/** Between reading and approving a server may have changed its tool once more. */
async function fullPin(registry: ToolRegistry, id: string, digits: string): Promise<Pin> {
  const { record } = (await registry.find(id)) ?? {};
  const full = record && pinStartingWith(record, digits);
  if (full === undefined) throw new StepRefused(id, 'its definition is another one now than that which was read');
  return full;
}

function isClean({ record }: StoredRecord): boolean {
  return record.state === 'review' && record.scan?.verdict === 'approve';
}

function deciding(action: 'reject' | 'quarantine' | 'revoke') {
  return (ids: readonly string[], options: DecisionOptions) => {
    if (options.config === undefined) return decideInAws(options, ids.map((id) => ({ action, id, why: options.why })));
    return withLocalRegistry(options.config, ({ registry }) => decideOn(ids, (id) => registry[action](id, decisionOf(options))));
  };
}

/** What waits for review in AWS and in which the scan found nothing. */
async function cleanOnes(source: RegistrySource): Promise<readonly string[]> {
  const chosen: string[] = [];
  await withRegistry(source, async ({ registry }) => void chosen.push(...(await registry.list()).filter(isClean).map(({ id }) => id)));
  sayWhereNothing(chosen);
  return chosen;
}

function sayWhereNothing(chosen: readonly string[]): void {
  if (chosen.length === 0) process.stdout.write('Nothing waits for review in which the scan found nothing.\n');
}

async function decideInAws(options: DecisionTarget, requests: readonly DecisionRequest[]): Promise<void> {
  await sendDecisions(options, requests, {
    taken: (message) => process.stdout.write(`${escapeUnprintable(message)}\n`),
    refused: (message) => fail(ExitCode.FINDING, message),
  });
}

/** One after the other; what is refused does not keep the rest from being decided. */
async function decideOn(ids: readonly string[], decide: (id: string) => Promise<StoredRecord>): Promise<void> {
  for (const id of ids) {
    try {
      const { record } = await decide(id);
      const waits = record.endorsements.length > 0 ? `, endorsed by ${record.endorsements.map(({ by }) => by).join(', ')}: it is sensitive, one more person has to approve it (--by NAME)` : '';
      const pin = record.state === 'approved' ? ` ${record.pin.slice(0, 12)}` : '';
      process.stdout.write(`${escapeUnprintable(`${id}: ${record.state}${pin}${waits}`)}\n`);
    } catch (error) {
      if (error instanceof RevisionConflict) fail(ExitCode.FINDING, `${id}: somebody else decided on it at the same time, look at it again`);
      else if (error instanceof StepRefused) fail(ExitCode.FINDING, error.message);
      else throw error;
    }
  }
}

async function verify(source: RegistrySource): Promise<void> {
  if (source.config === undefined && source.key === undefined) throw new StartError('--key: expected the key that signs the log of the registry in AWS.');
  await withRegistry(source, async ({ registry, log }) => {
    const { approved, expired, problems } = await verifyRegistry({ registry, log, now: Date.now() });
    for (const problem of problems) fail(ExitCode.FINDING, problem);
    for (const id of expired) fail(ExitCode.FINDING, `${id}: its approval is too old and has to be renewed`);
    const { head } = log;
    process.stdout.write(head === undefined ? 'The log is empty: nothing was ever approved.\n' : `The log has ${head.size === 1 ? '1 entry' : `${head.size} entries`} under the root ${head.root}, signed ${head.at} with the key ${head.keyId.slice(0, 16)}.\n`);
    process.stdout.write(`${approved - problems.length - expired.length} of ${approved} approved definitions verify.\n`);
  });
}

function decisionOf({ by, why }: DecisionOptions): Decision {
  return { by: whoIs(by), why };
}

function whoIs(by: string | undefined): string {
  return by ?? currentUser();
}

function paint() {
  return painter(Boolean(process.stdout.isTTY) && !process.env.NO_COLOR);
}
