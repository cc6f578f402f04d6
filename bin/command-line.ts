import { Command, CommanderError } from 'commander';
import { StartError } from '../lambda/local';
import { version } from '../package.json';
import { auditCommand } from './commands/audit';
import { configCommand } from './commands/config';
import { grantsCommand } from './commands/grants';
import { localCommand } from './commands/local';
import { manifestsCommand } from './commands/manifests';
import { policyCommand } from './commands/policy';
import { respondCommand } from './commands/respond';
import { scanCommand } from './commands/scan';
import { toolsCommand } from './commands/tools';
import { verifyCommand } from './commands/verify';
import { EXIT_CODES_HELP, ExitCode } from './exit-code';
import { outliveReader } from './reader';

/** Runs the command that `argv` names. Ends the process where the command failed; a server keeps it alive. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  outliveReader();
  try {
    await createCommandLine().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function createCommandLine(): Command {
  const program = new Command('mcp-zero-trust')
    .description('Zero trust around Model Context Protocol servers, on this machine and in AWS.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', `${EXAMPLES}\n${EXIT_CODES_HELP}`);
  for (const command of [localCommand(), configCommand(), scanCommand(), toolsCommand(), grantsCommand(), respondCommand(), auditCommand(), policyCommand(), manifestsCommand(), verifyCommand()]) program.addCommand(command);
  return failWithUsage(program);
}

const EXAMPLES = `
Examples:
  mcp-zero-trust local --demo               a gateway in front of three sample servers
  mcp-zero-trust local --config mcp.json    a gateway in front of your own servers
  mcp-zero-trust config check -c mcp.json   what is wrong with a configuration
  mcp-zero-trust scan mcp.json              are the tools of your servers fit for a model to read
  mcp-zero-trust policy check -c mcp.json   do the policies fit the tools
  mcp-zero-trust tools list -c mcp.json     which tools are approved, and which wait for a decision
  mcp-zero-trust grants list -c mcp.json --by carol
                                            who may do what for the moment, and who asks for it
  mcp-zero-trust respond list -c mcp.json   which incidents were contained, and what waits for somebody
  mcp-zero-trust audit verify -c mcp.json   is the audit file as it was written
  mcp-zero-trust manifests -c cluster.yaml  Kubernetes manifests for servers behind the gateway
  mcp-zero-trust verify network cdk.out     who can open a connection to whom, once this is deployed`;

/** Commander ends with 1 where the user made a mistake, which is 2 here; it has to be told for each command. */
function failWithUsage(command: Command): Command {
  command.exitOverride().showHelpAfterError(`(${commandPath(command)} --help says more)`);
  command.commands.forEach(failWithUsage);
  return command;
}

function commandPath(command: Command): string {
  return command.parent ? `${commandPath(command.parent)} ${command.name()}` : command.name();
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return ExitCode.USAGE;
}
