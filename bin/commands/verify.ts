import { Command, InvalidArgumentError, Option } from 'commander';
import {
  AssertionError,
  breachReport,
  changeReport,
  changesJson,
  compareMatrices,
  computeMatrix,
  findBreaches,
  findManifests,
  jsonReport,
  loadTemplates,
  parseDenial,
  readCluster,
  readNetwork,
  resolveTemplates,
  svgReport,
  TemplateError,
  textReport,
  type Breach,
  type Denial,
  type Matrix,
} from '../../network';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';

type Format = 'text' | 'json' | 'svg';

interface NetworkOptions {
  readonly format: Format;
  readonly deny: readonly Denial[];
  readonly diff?: string;
  readonly parameter: Readonly<Record<string, string>>;
  readonly all?: true;
}

const EXAMPLES = `
Examples:
  mcp-zero-trust verify network cdk.out
      who can open a connection to whom, and over which way
  mcp-zero-trust verify network cdk.out --deny "servers -> internet" --deny "internet -> servers"
      fails where a server reaches the internet, or the internet a server
  mcp-zero-trust verify network --diff main/cdk.out cdk.out
      what a change opened; fails where it opened anything
  mcp-zero-trust verify network template.yaml --format svg > network.svg

  mcp-zero-trust verify network manifests --deny "servers -> servers" --deny "neighbours -> servers"
      the same of NetworkPolicies, from manifests of Kubernetes

The path is a cloud assembly (cdk.out, with its stages and nested stacks), a folder of templates, a template in JSON or YAML, or a
file or folder of Kubernetes manifests; none of it need come from this library. Both sides of an assertion are a group, a kind, or a name in which * stands for anything:
  from   servers, gateways (by the tag mcp-zero-trust:role, or the label mcp-zero-trust/role; without
         them servers are all workloads), workloads, neighbours (pods of other namespaces), internet,
         lambda, ecs-service, instance, load-balancer, deployment, *
  to     internet, internet:udp, domains, dns, metadata, neighbours, endpoints,
         foreign-accounts, outside, workloads, load-balancers, stores, nodes, servers, *
What cannot be modelled is listed, and counts as open.
`;

/** `verify`: what a template promises, proved before it is deployed. */
export function verifyCommand(): Command {
  const network = new Command('network')
    .description('Compute from templates or manifests who can open a connection to whom.')
    .argument('[path]', 'a cloud assembly, templates, or manifests of Kubernetes', 'cdk.out')
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json', 'svg']).default('text'))
    .option('--deny <assertion>', 'fail where this is not closed, for example "servers -> internet"', collectDenial, [])
    .option('--diff <old>', 'compare with the templates of this path, and fail where something opened')
    .option('--parameter <name=value>', 'value of a template parameter', collectParameter, {})
    .option('--all', 'show closed destinations too, and what closes them')
    .addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`)
    .action((path: string, options: NetworkOptions) => verifyNetwork(path, options));
  return new Command('verify').description('Prove what synthesized templates promise.').addCommand(network).addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`);
}

function verifyNetwork(path: string, { format, deny, diff, parameter, all }: NetworkOptions): void {
  try {
    const matrix = read(path, parameter);
    const breaches: readonly Breach[] = deny.map((denial) => ({ denial, cells: findBreaches(matrix, denial) }));
    const changes = diff === undefined ? undefined : compareMatrices(read(diff, parameter), matrix);
    const broken = breaches.some(({ cells }) => cells.length > 0) || (changes ?? []).some(({ opens }) => opens);
    process.stdout.write(`${report(matrix, breaches, format, all ?? false, changes && (format === 'json' ? changesJson(changes, breaches) : changeReport(changes)))}\n`);
    if (format === 'svg' && breaches.length > 0) process.stderr.write(`${breachReport(breaches)}\n`);
    process.exitCode = broken ? ExitCode.FINDING : ExitCode.OK;
  } catch (error) {
    if (!(error instanceof TemplateError) && !(error instanceof AssertionError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = ExitCode.USAGE;
  }
}

function report(matrix: Matrix, breaches: readonly Breach[], format: Format, all: boolean, changes: string | undefined): string {
  if (format === 'svg') return svgReport(matrix);
  if (format === 'json') return changes ?? jsonReport(matrix, breaches);
  return [changes ?? textReport(matrix, { all }), breachReport(breaches)].filter((part) => part !== '').join('\n\n');
}

function read(path: string, parameters: Readonly<Record<string, string>>): Matrix {
  const manifests = findManifests(path);
  const network = manifests.length > 0 ? readCluster(manifests) : readNetwork(resolveTemplates(loadTemplates(path), parameters));
  if (network.vpcs.length === 0 && network.parties.length === 0) throw new TemplateError(`${path} holds neither a VPC nor anything that runs in one, and no pods, so there is nothing to verify`);
  return computeMatrix(network);
}

function collectDenial(value: string, given: readonly Denial[]): readonly Denial[] {
  try {
    return [...given, parseDenial(value)];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function collectParameter(value: string, given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  return { ...given, [value.slice(0, at)]: value.slice(at + 1) };
}
