import { Command } from 'commander';
import { ConfigError, describeProblem, loadConfig, readPolicies } from '../../lambda/local';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';

const EXAMPLES = `
Examples:
  mcp-zero-trust config check --config mcp.json
  mcp-zero-trust config check --config gateway.yaml

An editor checks the file while you type when it starts with
  "$schema": "./node_modules/cdk-mcp-zero-trust/schema/mcp-zero-trust.schema.json"
`;

/** `config check`: all that is wrong with a configuration file, one line each. */
export function configCommand(): Command {
  const check = new Command('check')
    .description('Check a configuration file without starting anything.')
    .requiredOption('-c, --config <file>', 'configuration file, JSON or YAML')
    .addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`)
    .action(({ config }: { readonly config: string }) => checkConfig(config));
  return new Command('config').description('Work with configuration files.').addCommand(check).addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`);
}

function checkConfig(file: string): void {
  try {
    const { servers, policies, warnings } = loadConfig(file, process.env);
    if (policies !== undefined) readPolicies(policies);
    for (const warning of warnings) process.stderr.write(`${file}: warning: ${warning}\n`);
    process.stdout.write(`${file}: good, ${servers.length === 1 ? '1 server' : `${servers.length} servers`}: ${servers.map(({ name }) => name).join(', ')}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${describeProblem(file, problem)}\n`);
    process.exitCode = ExitCode.USAGE;
  }
}
