import { Command } from 'commander';
import { ConfigError, describeProblem } from '../../lambda/local';
import type * as Manifests from '../manifests';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';

/** Read when the command runs: cdk8s takes a third of a second that no other command should pay. */
declare const require: (id: '../manifests') => typeof Manifests;

interface ManifestsOptions {
  readonly config: string;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  mcp-zero-trust manifests -c cluster.yaml --out k8s && kubectl apply -f k8s
      a file for the cluster and one for each namespace, in the order to apply them in
  mcp-zero-trust manifests -c cluster.yaml | kubectl diff -f -
      what somebody changed in the cluster since

A configuration, cluster.yaml:
  gateway:
    image: registry.example.com/mcp-gateway@sha256:<64 hexadecimal digits>
    publicUrl: https://mcp.example.com
    sources: [{ cidr: 10.1.0.0/16 }]
    podIdentity: true
    environment:
      MCP_ISSUERS: '[{"issuer":"https://login.example.com","jwks":"https://login.example.com/keys"}]'
      MCP_POLICY_STORE_ID: PSEXAMPLEabcdefg111111
      MCP_KEY_SECRET_ARN: arn:aws:secretsmanager:eu-west-1:123456789012:secret:mcp-key
    egress: [{ cidrs: [10.1.64.0/20] }]
  servers:
    crm:
      image: registry.example.com/crm@sha256:<64 hexadecimal digits>
      egress: [{ cidrs: [10.9.0.0/24], ports: [5432] }]

An editor checks the file while you type when it starts with
  # yaml-language-server: $schema=./node_modules/cdk-mcp-zero-trust/schema/manifests.schema.json
docs/cluster.md says what is made of it, and what it does not stop.
`;

/** `manifests`: what a Kubernetes cluster needs to run MCP servers behind the gateway. */
export function manifestsCommand(): Command {
  return new Command('manifests')
    .description('Write Kubernetes manifests for MCP servers behind the gateway, hardened and walled off.')
    .requiredOption('-c, --config <file>', 'configuration file, JSON or YAML')
    .option('-o, --out <folder>', 'write a file for each namespace into this folder, instead of all to the standard output')
    .addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`)
    .action((options: ManifestsOptions) => writeManifests(options));
}

function writeManifests({ config, out }: ManifestsOptions): void {
  const manifests = require('../manifests');
  try {
    const objects = manifests.manifestsOf(config);
    if (out === undefined) {
      process.stdout.write(manifests.yamlOf(objects));
      return;
    }
    const files = manifests.writeManifests(out, objects);
    process.stdout.write(`${out}: ${objects.length} objects in ${files.length} files: ${files.join(', ')}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${describeProblem(config, problem)}\n`);
    process.exitCode = ExitCode.USAGE;
  }
}
