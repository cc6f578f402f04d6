import { Command, InvalidArgumentError, Option } from 'commander';
import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { localPrincipal, StartError, type LocalConfig } from '../../lambda/local';
import { awaitsPerson, INCIDENT_KINDS, ResponseRefused, SEVERITIES, stateOf, type Case, type Responder } from '../../lambda/response';
import { currentUser } from '../current-user';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';
import { describeCase, describeCases, describePreview } from '../respond/describe';
import { readOptions, type IncidentOptions } from '../respond/incident';
import { withCases, withLocalResponse, type SourceOptions } from '../respond/open';
import type * as AwsRegistries from '../tools/aws-registry';
import { painter } from '../tools/describe';

declare const require: (id: '../tools/aws-registry') => typeof AwsRegistries;

const EXAMPLES = `
Examples:
  mcp-zero-trust respond list -c mcp.json
      incidents, those that need somebody first
  mcp-zero-trust respond show -c mcp.json inc-0123456789abcdef
  mcp-zero-trust respond dry-run -c mcp.json --kind tool_poisoning --tool files/read_file --why "it asks for keys"
      what would be done, and how things are now; changes nothing
  mcp-zero-trust respond apply -c mcp.json --kind unauthorised_access --principal bob --why "his laptop was stolen"
  mcp-zero-trust respond apply -c mcp.json --event event.json
      an incident, or an event of EventBridge that tells of one
  mcp-zero-trust respond approve -c mcp.json inc-0123456789abcdef --action 1 --why "sure"
  mcp-zero-trust respond undo -c mcp.json inc-0123456789abcdef --why "false positive"
      everything is as it was before; --action takes one action back

The configuration needs "response": "FOLDER", or {folder, automaticFrom, approvalFor, protected, dryRun}.
Tools are quarantined where there is a "registry", and principals, servers and addresses are blocked where
there are "grants"; a gateway on the same configuration refuses within a second.

A response in AWS takes --table in the place of --config to read, and --url to decide: outputs of its
stack. They may stand in MCP_RESPONSE_TABLE and MCP_RESPONSE_URL. Who decides is whose credentials they are.
`;

interface DecisionOptions extends SourceOptions {
  readonly by?: string;
  readonly why: string;
  readonly action?: number;
}

type ReportOptions = SourceOptions & IncidentOptions & { readonly issuer?: string };

/** `respond`: what is done about incidents, and how it is taken back (IR-2). */
export function respondCommand(): Command {
  const respond = new Command('respond').description('Contain incidents, decide on what waits, and take containments back.').addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`);
  const add = (name: string, description: string) =>
    respond
      .command(name)
      .description(description)
      .option('-c, --config <file>', 'configuration file with a "response"')
      .option('--region <name>', 'AWS region; that of the environment by default')
      .addHelpText('after', EXIT_CODES_HELP);
  const addReading = (name: string, description: string) => add(name, description).addOption(new Option('--table <name>', 'table of a response in AWS').env('MCP_RESPONSE_TABLE'));
  const addDeciding = (name: string, description: string) => add(name, description).addOption(new Option('--url <url>', 'where a response in AWS takes decisions').env('MCP_RESPONSE_URL'));
  const addReport = (name: string, description: string) =>
    addDeciding(name, description)
      .option('--event <file>', 'an incident or an event that tells of one, JSON; - for standard input')
      .addOption(new Option('--kind <kind>', 'what kind of incident it is').choices(INCIDENT_KINDS))
      .addOption(new Option('--severity <severity>', 'how severe it is').choices(SEVERITIES).default('high'))
      .option('--tool <server/tool>', 'the tool that it is about')
      .option('--principal <id>', 'the user that it is about')
      .option('--agent', 'the principal is an agent and not a user')
      .option('--issuer <url>', 'issuer of the principal; that of the configuration by default')
      .option('--address <ip>', 'the address that it is about')
      .option('--server <name>', 'the server that it is about')
      .option('--why <text>', 'one sentence for the history; never an argument or a result');
  const addDecision = (name: string, description: string) =>
    addDeciding(name, description)
      .argument('<incident>')
      .option('--by <name>', 'who decides; the user of this machine by default, and in AWS whose credentials they are')
      .option('--action <number>', 'which action, as show numbers them', parseNumber)
      .requiredOption('--why <text>', 'why, for the history');

  addReading('list', 'List incidents, those that need somebody first.').addOption(new Option('--format <format>', 'how to list').choices(['text', 'json']).default('text')).action(list);
  addReading('show', 'Show an incident, and what was done about it.').argument('<incident>').action(show);
  addReport('dry-run', 'Say what would be done about an incident. Changes nothing.').action(dryRun);
  addReport('apply', 'Report an incident, and carry out its playbook.').action(apply);
  addDecision('approve', 'Carry out what waits for a person.').action(deciding(true));
  addDecision('deny', 'Refuse what waits for a person.').action(deciding(false));
  addDecision('undo', 'Take everything about an incident back, or one action: a false positive.').action(undo);
  return respond;
}

function parseNumber(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected the number of an action.');
}

async function list({ format, ...source }: SourceOptions & { readonly format: 'text' | 'json' }): Promise<void> {
  await refusing(() =>
    withCases(source, async (responder) => {
      const cases = await responder.list();
      print(format === 'json' ? JSON.stringify(cases, undefined, 2) : describeCases(cases, paint()));
    }),
  );
}

async function show(id: string, source: SourceOptions): Promise<void> {
  await refusing(() => withCases(source, async (responder) => print(describeCase(await responder.find(id), paint()))));
}

async function dryRun(options: ReportOptions): Promise<void> {
  if (options.config === undefined) return inAws(options, { action: 'plan', incident: readOptions(options, options.issuer ?? '', Date.now()) });
  await local(options.config, async (responder, config) => {
    checkServers(options, config);
    print(describePreview(await responder.preview(readOptions(options, options.issuer ?? issuerOf(config), Date.now())), paint()));
  });
}

/** What nobody serves was mistyped: an incident about it would contain nothing. */
function checkServers({ config: file, tool, server }: ReportOptions, { servers }: LocalConfig): void {
  const named = [tool?.split('/')[0], server].filter((name) => name !== undefined);
  const unknown = named.find((name) => !servers.some((known) => known.name === name));
  if (unknown === undefined) return;
  const hint = tool === unknown ? '; a tool is named server/tool' : '';
  throw new StartError(`${file}: there is no server ${unknown} in it, there are ${servers.map(({ name }) => name).join(', ')}${hint}`);
}

async function apply(options: ReportOptions): Promise<void> {
  if (options.config === undefined) return inAws(options, { action: 'report', incident: readOptions(options, options.issuer ?? '', Date.now()) });
  await local(options.config, async (responder, config) => {
    checkServers(options, config);
    conclude(await responder.respond(readOptions(options, options.issuer ?? issuerOf(config), Date.now())));
  });
}

function deciding(approved: boolean) {
  return async (id: string, options: DecisionOptions): Promise<void> => {
    const { action, why } = options;
    if (options.config === undefined) {
      if (action === undefined) throw new StartError('--action: expected the number of an action');
      return inAws(options, { action: approved ? 'approve' : 'deny', incident: id, number: action, why });
    }
    await local(options.config, async (responder) => {
      const by = whoIs(options);
      for (const number of await waitingOf(responder, id, action)) {
        await responder.decide(id, number, approved, by, why);
        if (approved) await settled(responder.apply(id, number, by));
      }
      conclude(await responder.find(id));
    });
  };
}

/** Those that wait, or the one that was named: whether it does is for the responder to say. */
async function waitingOf(responder: Responder, id: string, number: number | undefined): Promise<readonly number[]> {
  if (number !== undefined) return [number];
  const { actions } = await responder.find(id);
  const waiting = actions.filter(awaitsPerson);
  if (waiting.length === 0) throw new ResponseRefused(`nothing of ${id} waits for a person`);
  return waiting.map((record) => record.number);
}

async function undo(id: string, options: DecisionOptions): Promise<void> {
  const { action, why } = options;
  if (options.config === undefined) return inAws(options, { action: 'undo', incident: id, ...(action === undefined ? {} : { number: action }), why });
  await local(options.config, async (responder) => {
    if (action === undefined) await responder.undoAll(id, whoIs(options), why);
    else await settled(responder.undo(id, action, whoIs(options), why));
    conclude(await responder.find(id));
  });
}

function whoIs({ by = currentUser() }: DecisionOptions): string {
  return by;
}

function issuerOf(config: LocalConfig): string {
  return localPrincipal(config, config.publicUrl ?? `http://${config.listen.host}:${config.listen.port}`, '').issuer;
}

function local(config: string, use: (responder: Responder, config: LocalConfig) => Promise<void>): Promise<void> {
  return refusing(() => withLocalResponse(config, ({ subject }) => void process.stderr.write(`${subject}\n`), use));
}

/** What was done; what failed is a finding. */
function conclude(found: Case): void {
  print(describeCase(found, paint()));
  if (stateOf(found) === 'failed') process.exitCode = ExitCode.FINDING;
}

async function inAws({ url, region, by }: SourceOptions & { readonly by?: string }, request: object): Promise<void> {
  if (url === undefined) throw new StartError('Expected --config for a response on this machine, or --url for one in AWS.');
  if (!URL.canParse(url) || (new URL(url).protocol !== 'https:' && new URL(url).hostname !== '127.0.0.1')) throw new StartError('--url: expected an https URL.');
  if (by !== undefined) throw new StartError('--by: a response in AWS takes the decider from the AWS credentials.');
  const { sendDecision, DecisionRefused } = require('../tools/aws-registry');
  try {
    print(await sendDecision(url, request, region));
  } catch (error) {
    if (!(error instanceof DecisionRefused)) throw new StartError(`The response cannot be asked: ${(error as Error).message}`);
    refuse(error.message);
  }
}

async function refusing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ResponseRefused)) throw error;
    refuse(error.message);
  }
}

function refuse(why: string): void {
  process.stderr.write(`${escapeUnprintable(`Nothing was done: ${why}.`)}\n`);
  process.exitCode = ExitCode.FINDING;
}

/** What went wrong is in the record, which is shown. */
async function settled(step: Promise<unknown>): Promise<void> {
  await step.catch((error: unknown) => {
    if (error instanceof ResponseRefused) throw error;
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function paint() {
  return painter(Boolean(process.stdout.isTTY) && !process.env.NO_COLOR);
}
