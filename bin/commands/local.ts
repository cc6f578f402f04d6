import { Command, InvalidArgumentError } from 'commander';
import { createConsoleSink } from '../../lambda/audit';
import { escapeUnprintable } from '../../lambda/audit/unprintable';
import {
  createDemo,
  createStyle,
  describeDemo,
  describeGateway,
  loadConfig,
  LOCAL_USER,
  parseListen,
  startLocalGateway,
  TOKEN_LIFETIME_SECONDS,
  type BehaviourWatcher,
  type Demo,
  type GrantWatcher,
  type ListenAddress,
  type LocalConfig,
  type LocalGateway,
  type RegistryWatcher,
  type ResponseWatcher,
  type Style,
} from '../../lambda/local';
import { targetId } from '../../lambda/grants';
import { environmentFor } from '../ask-inputs';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';

interface LocalOptions {
  readonly config?: string;
  readonly demo?: true;
  readonly listen?: ListenAddress;
  readonly verbose?: true;
}

const EXAMPLES = `
Examples:
  mcp-zero-trust local --demo
      three sample servers, two principals with different rights, calls to try
  mcp-zero-trust local --config ~/.cursor/mcp.json
      the servers of an MCP client, unchanged: one principal, local-user, may use
      all of them with the token that is printed
  mcp-zero-trust local --config gateway.yaml --listen 127.0.0.1:9000

The configuration file is JSON (comments are fine) or YAML:
  mcpServers   {name: {command, args, env, cwd} | {url, headers}}, as MCP clients
               have it; each name is a route, /mcp/<name>
  listen       "host:port"                            default 127.0.0.1:8808
  tls          {cert, key, clientCa}                  default plain HTTP
  publicUrl    origin that clients use                default http://<listen>
  allowedOrigins  of pages in browsers                default the gateway's own
  policies     folder of Cedar policies               default local-user may all
  identity     {issuer, jwks, audience, groupsClaim}  default a token at each start
  networkZones {name: [ranges]}, for policies         default there are none
  anonymous    principal of requests without a token  default none
  limits       rates, sizes, times, processes
  registry     folder of approved tools               default every tool is served
  grants       folder, or {folder, approvers}         default there are none
  response     folder, or {folder, automaticFrom}     default nothing is contained
  behaviour    true: watch habits, context.risk       default nobody watches
  audit        file for one JSON line per request
  telemetry    {endpoint, headers, sampleRatio}       default OTEL_EXPORTER_OTLP_*
  metrics      false: no counts at /metrics           default on this machine alone
  page         false: no live page at /               default on this machine alone
\${NAME} in commands, arguments, env, urls and headers is read from the environment;
\${input:id} of VS Code is asked for at a terminal, or read from MCP_INPUT_<ID>.
All keys: schema/mcp-zero-trust.schema.json in this package.

Ctrl-C, SIGTERM or the end of the terminal stops the gateway and every process it
started, with exit code 0.
`;

/** `local`: the gateway on this machine, until Ctrl-C. */
export function localCommand(): Command {
  return new Command('local')
    .description('Run the gateway on this machine, in front of MCP servers.')
    .option('-c, --config <file>', 'configuration file, JSON or YAML; the mcp.json of a client will do')
    .option('--demo', 'three sample servers instead of a configuration file')
    .option('--listen <host:port>', 'where to listen, instead of what the file says; port 0 takes a free one', parseListenOption)
    .option('--verbose', 'also show, on standard error, what the servers write to theirs')
    .addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`)
    .allowExcessArguments()
    .action(async (options: LocalOptions, command: Command) => {
      const [file] = command.args;
      if (file !== undefined) command.error(`error: expected the configuration file as --config ${file}`);
      if ((options.config === undefined) === (options.demo === undefined)) {
        command.error('error: expected either --config <file> or --demo');
      }
      await runLocal(options);
    });
}

function parseListenOption(value: string): ListenAddress {
  const address = parseListen(value);
  if (address) return address;
  throw new InvalidArgumentError('Expected host:port, for example 127.0.0.1:8808.');
}

async function runLocal({ config: file, listen, verbose }: LocalOptions): Promise<void> {
  const lifetime = endWithProcess();
  const color = process.stdout.isTTY && !process.env.NO_COLOR;
  const demo = file === undefined ? createDemo(listen) : undefined;
  if (demo) lifetime.atExit(() => demo.remove());
  const config = demo?.config ?? loadConfig(file ?? '', await environmentFor(file ?? ''), listen);
  const style = createStyle(color);
  if (process.stderr.isTTY) process.stderr.write(`${style.quiet(`Starting ${config.servers.map(({ name }) => name).join(', ')} ...`)}\n`);
  const showOutput = (server: string, line: string) => void process.stderr.write(`${style.quiet(`${server}: ${line}`)}\n`);
  const waiting = setTimeout(() => process.stderr.write(`${style.quiet(explainWait(config))}\n`), PATIENCE_MS);
  const gateway = await startLocalGateway(config, createConsoleSink(process.stdout, { color }), verbose && showOutput, watchRegistry(style), watchGrants(style), watchBehaviour(style), watchResponse(style)).finally(() => clearTimeout(waiting));
  lifetime.stopWith(() => gateway.stop());
  for (const warning of gateway.warnings) process.stderr.write(`${style.warning('warning:')} ${warning}\n`);
  process.stdout.write(`${demo ? await introduceDemo(demo, gateway, style) : await introduceGateway(gateway, style)}\n`);
}

/** How long nobody wonders why nothing happens. */
const PATIENCE_MS = 5_000;

function explainWait({ servers }: LocalConfig): string {
  const names = servers.map(({ name }) => name);
  const who = names.length === 1 ? `The server ${names[0]} has not answered yet` : `Not all of ${names.join(', ')} have answered yet`;
  return `${who}; each has up to a minute to start. --verbose shows what they write.`;
}

/** Steps of tools among the decisions on requests, and what keeps the registry from being read. */
function watchRegistry(style: Style): RegistryWatcher {
  let lastFailure = '';
  return {
    changed({ at, subject, to, action, by, why }) {
      if (action !== 'scan' && action !== 'submit') process.stdout.write(escapeUnprintable(`${at.slice(11, 23)} TOOL   ${subject} ${to}, ${action} by ${by}: ${why}`) + '\n');
    },
    failed(error) {
      const failure = escapeUnprintable((error as Error).message);
      if (failure !== lastFailure) process.stderr.write(`${style.warning('warning:')} the registry of tools: ${failure}\n`);
      lastFailure = failure;
    },
  };
}

/** Steps of grants among the decisions on requests, and what keeps the kill switch from being read. */
function watchGrants(style: Style): GrantWatcher {
  let lastFailure = '';
  return {
    happened(event) {
      const when = new Date(event.at).toISOString().slice(11, 23);
      const by = event.by === undefined ? 'policies' : event.by.id;
      const what = event.kind === 'grant' ? `GRANT  ${event.action} by ${by}: ${event.principal.id} ${event.server} ${event.tool}  ${event.grant.slice(-8)}` : `KILL   ${event.action} by ${by}: ${targetId(event.target)}`;
      process.stdout.write(escapeUnprintable(`${when} ${what}${event.why === undefined ? '' : `, ${event.why}`}`) + '\n');
    },
    failed(error) {
      const failure = escapeUnprintable((error as Error).message);
      if (failure !== lastFailure) process.stderr.write(`${style.warning('warning:')} the grants: ${failure}\n`);
      lastFailure = failure;
    },
  };
}

/** What is unusual, among the decisions on requests. */
function watchBehaviour(style: Style): BehaviourWatcher {
  return {
    detected({ at, principal, server, tool, sourceIp, risk, why }) {
      const place = [principal === undefined ? sourceIp : (JSON.parse(principal) as string[])[2], server, tool].filter(Boolean).join(' ');
      process.stdout.write(`${style.warning(escapeUnprintable(`${new Date(at).toISOString().slice(11, 23)} ALERT  ${place}  risk ${risk}  ${why}`))}\n`);
    },
  };
}

/** What is done about incidents, among the decisions on requests. */
function watchResponse(style: Style): ResponseWatcher {
  const warn = (text: string) => void process.stderr.write(`${style.warning('warning:')} ${escapeUnprintable(text)}\n`);
  return {
    happened({ at, incident, action, state, subject, outcome }) {
      if (state !== 'applying' && state !== 'undoing') process.stdout.write(escapeUnprintable(`${at.slice(11, 23)} INCIDENT ${incident} ${action} ${state}: ${subject}${outcome === undefined ? '' : `, ${outcome}`}`) + '\n');
    },
    told: ({ subject }) => warn(subject),
    failed: (error) => warn(`the response to incidents: ${(error as Error).message}`),
  };
}

async function introduceDemo(demo: Demo, gateway: LocalGateway, style: Style): Promise<string> {
  const until = tokenEnd();
  const principals = await demo.principals(gateway);
  return describeDemo(gateway, demo, principals, demo.calls(gateway, principals), until, style);
}

async function introduceGateway(gateway: LocalGateway, style: Style): Promise<string> {
  const until = tokenEnd();
  const token = await gateway.issuer?.mint({ subject: LOCAL_USER, audience: gateway.url, lifetimeSeconds: TOKEN_LIFETIME_SECONDS });
  return describeGateway(gateway, token, until, style);
}

function tokenEnd(): Date {
  return new Date(Date.now() + TOKEN_LIFETIME_SECONDS * 1_000);
}

interface Lifetime {
  /** Runs at the very end, whatever ends the process. Must not wait. */
  atExit(clean: () => void): void;
  /** What a signal stops, once there is something to stop. */
  stopWith(stop: () => Promise<void>): void;
}

/** Both the terminal and npm pass a Ctrl-C on: what comes within this time is the same one. */
const SAME_SIGNAL_MS = 500;

/** Ctrl-C and SIGTERM end the process in good order, a second one at once. */
function endWithProcess(): Lifetime {
  let stop: (() => Promise<void>) | undefined;
  let stoppingSince: number | undefined;
  const end = () => {
    if (stoppingSince !== undefined && Date.now() - stoppingSince < SAME_SIGNAL_MS) return;
    if (stoppingSince !== undefined || !stop) process.exit(ExitCode.OK);
    stoppingSince = Date.now();
    stop().then(
      () => process.exit(ExitCode.OK),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(ExitCode.FINDING);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    // With a terminal it ends as that does; a pipe tells nobody why the servers are gone.
    if (code === 'EPIPE') process.stderr.write('Nobody reads the output of the gateway any more, so it stops.\n');
    end();
  });
  return {
    atExit: (clean) => void process.on('exit', clean),
    stopWith: (given) => {
      stop = given;
    },
  };
}
