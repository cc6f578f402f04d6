import { Command, InvalidArgumentError, Option } from 'commander';
import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { generateSchema } from '../../lambda/authorization';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { explainDecision } from '../../lambda/authorization/explain';
import { StartError } from '../../lambda/local';
import { isJsonObject, type JsonObject } from '../../lambda/protocol';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';
import { checkPolicies } from '../policy/check';
import { explainText } from '../policy/explain-report';
import { readRequest, type ContextDescription } from '../policy/request';
import { policiesOf, readPolicySources, readServers, type PolicySources, type ToolSource } from '../policy/sources';
import { isGood, testJson, testJUnit, testText } from '../policy/test-reports';
import { runTestFile, type TestRun } from '../policy/test-file';

const EXAMPLES = `
Examples:
  mcp-zero-trust policy check --config gateway.yaml
      the policies of a configuration, against the tools that its servers list now
  mcp-zero-trust policy check --tools tools.json policies/
  mcp-zero-trust policy explain -c gateway.yaml --principal bob --group operators \\
      --tool files/write_file --arguments '{"path": "reports/q3.md", "content": ""}'
      allow or deny, which policies decided, and what would have to be different;
      + holds, - does not hold, ! cannot be evaluated, . was not reached
  mcp-zero-trust policy test policy-tests.yaml --format junit > junit.xml
  mcp-zero-trust policy schema -c gateway.yaml > gateway.cedarschema

A file for --tools has {"servers": [{"name", "tools": [...]}]}, or the result of tools/list,
whose server --server names. docs/policies.md says how JSON Schema becomes Cedar, and what
a file of tests looks like.
`;

/** `policy`: are the policies right, and what do they answer? */
export function policyCommand(): Command {
  const policy = new Command('policy').description('Check, explain and test policies.').addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`);
  const add = (name: string, description: string) => policy.command(name).description(description).addHelpText('after', EXIT_CODES_HELP);
  const withTools = (command: Command) =>
    command
      .option('-c, --config <file>', 'configuration file, whose servers are asked for their tools')
      .option('--tools <file>', 'the tools instead, as tools/list gives them')
      .option('--server <name>', 'the server of tools that name none');

  withTools(add('check', 'Check policies against the tools of the servers.'))
    .argument('[policies]', 'folder of .cedar files, or one file; what the configuration names by default')
    .addOption(formatOption(['text', 'json']))
    .action(check);
  withTools(add('explain', 'Say how a request is decided, why, and what would change it.'))
    .argument('[policies]', 'folder of .cedar files, or one file; what the configuration names by default')
    .requiredOption('--principal <id>', 'who asks; "Agent::<id>" for a client that acts on its own behalf')
    .option('--group <name>', 'a group of the principal; can be given several times', collect, [])
    .option('--scope <name>', 'a scope of the token; can be given several times', collect, [])
    .option('--issuer <url>', 'who vouches for the principal')
    .requiredOption('--tool <server/tool>', 'what is called')
    .option('--arguments <json>', 'what it is called with', parseObject, {})
    .option('--context <json>', 'time, purpose, risk, network, device, authentication, grant ...', parseObject, {})
    .addOption(formatOption(['text', 'json']))
    .action(explain);
  add('test', 'Run tests of policies.').argument('<files...>').addOption(formatOption(['text', 'json', 'junit'])).action(test);
  withTools(add('schema', 'Print the Cedar schema of the servers.')).addOption(formatOption(['cedar', 'json'])).action(schema);
  return policy;
}

function formatOption(choices: readonly [string, ...string[]]): Option {
  return new Option('--format <format>', 'how to answer').choices(choices).default(choices[0]);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function parseObject(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as unknown;
    if (isJsonObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Expected a JSON object, for example \'{"path": "notes.txt"}\'.');
}

interface CheckOptions extends ToolSource {
  readonly format: 'text' | 'json';
}

async function check(path: string | undefined, options: CheckOptions): Promise<void> {
  const sources = sourcesAt(path, options);
  const servers = await readServers(options);
  const findings = checkPolicies(sources, servers);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) process.exitCode = ExitCode.FINDING;
  if (options.format === 'json') return print(JSON.stringify({ ok: errors === 0, findings }, undefined, 2));
  for (const { severity, file, line, column, message } of findings) {
    print(escapeUnprintable(`${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${message}`));
  }
  if (errors === 0 && sources.loaded.ok) {
    const tools = servers.reduce((sum, server) => sum + server.tools.length, 0);
    print(`${sources.path}: good, ${count(Object.keys(sources.loaded.policies).length, 'policy', 'policies')} on ${count(tools, 'tool', 'tools')} of ${count(servers.length, 'server', 'servers')}`);
  }
}

interface ExplainOptions extends ToolSource {
  readonly principal: string;
  readonly group: readonly string[];
  readonly scope: readonly string[];
  readonly issuer?: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly context: ContextDescription;
  readonly format: 'text' | 'json';
}

async function explain(path: string | undefined, options: ExplainOptions): Promise<void> {
  const { loaded } = sourcesAt(path, options);
  if (!loaded.ok) throw new StartError('the policies cannot be read; "policy check" says why');
  const { principal, group: groups, scope: scopes, issuer, tool, context } = options;
  const description = { principal, groups, scopes, issuer, tool, arguments: options.arguments, context };
  const read = readRequest(description, await readServers(options), Date.now());
  if (!read.ok) {
    process.exitCode = ExitCode.FINDING;
    const decision = { effect: 'deny', reason: 'invalid_arguments', policyIds: [] };
    if (options.format === 'json') return print(JSON.stringify({ decision, problems: read.problems }, undefined, 2));
    return print([`DENY  ${read.title}: its arguments are refused before any policy is asked`, ...read.problems.map((problem) => `  ${problem}`)].map(escapeUnprintable).join('\n'));
  }
  const explanation = explainDecision(loaded.policies, read.request);
  if (explanation.decision.effect === 'deny') process.exitCode = ExitCode.FINDING;
  print(options.format === 'json' ? JSON.stringify(explanation, undefined, 2) : explainText(read.title, explanation));
}

async function test(files: readonly string[], { format }: { readonly format: 'text' | 'json' | 'junit' }): Promise<void> {
  const runs: TestRun[] = [];
  for (const file of files) runs.push(await runTestFile(file, Date.now()));
  if (!runs.every(isGood)) process.exitCode = ExitCode.FINDING;
  if (format === 'json') return print(testJson(runs));
  if (format === 'junit') return print(testJUnit(runs));
  for (const run of runs) print(testText(run));
}

/** A string, which stays as it is, or the long form of a type's name. */
const QUALIFIED = /"(?:[^"\\]|\\.)*"|__cedar::/g;

async function schema(options: ToolSource & { readonly format: 'cedar' | 'json' }): Promise<void> {
  const generated = generateSchema(await readServers(options));
  for (const { server, tool, path, reason } of generated.leftOut) {
    process.stderr.write(`${escapeUnprintable(`${server}/${tool}: policies cannot see ${path.length === 0 ? 'it' : path.join('.')}: ${reason}`)}\n`);
  }
  if (options.format === 'json') return print(JSON.stringify(generated.schema, undefined, 2));
  const answer = cedar().schemaToText(generated.schema);
  if (answer.type === 'failure') throw new Error(`The schema cannot be written: ${answer.errors[0]!.message}`);
  print(answer.text.replace(QUALIFIED, (part) => (part === '__cedar::' ? '' : part)).trimEnd());
}

function sourcesAt(path: string | undefined, { config }: ToolSource): PolicySources {
  const at = path ?? policiesOf(config);
  if (at === undefined) throw new StartError('expected a folder of policies, or a configuration that names one');
  return readPolicySources(at);
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
