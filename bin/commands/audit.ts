import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { Command } from 'commander';
import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { verifyChainedFiles, type ChainReport, type CheckpointMemory } from '../../lambda/audit';
import { assertP256 } from '../../lambda/integrity';
import { auditKeyBeside, checkpointsBeside, loadConfig, StartError } from '../../lambda/local';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';

const EXAMPLES = `
Examples:
  mcp-zero-trust audit verify -c mcp.json
      the audit file of a configuration
  mcp-zero-trust audit verify audit.jsonl --key /secure/audit.key
  mcp-zero-trust audit verify audit.jsonl.1 audit.jsonl --key /secure/audit.key
      a file and those that it was renamed to before, the oldest first
`;

interface VerifyOptions {
  readonly config?: string;
  readonly key?: string;
}

/** `audit`: whether the audit file is as it was written, and what it says in the words of others. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('Verify the audit file.').addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`);
  audit
    .command('verify')
    .description('Find entries that were removed, changed, inserted, moved or cut off, and say where.')
    .argument('[files...]', 'audit files; that of the configuration by default')
    .option('-c, --config <file>', 'configuration file with an "audit"')
    .option('--key <file>', 'the key that signed, private or public, PEM; the newest checkpoints are beside it')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(verify);
  return audit;
}

function verify(files: readonly string[], options: VerifyOptions, command: Command): void {
  if ((files.length === 0) === (options.config === undefined)) command.error('error: expected either files or --config');
  const { paths, keyFile } = namedBy(files, options);
  const found = openKey(keyFile, options.key !== undefined);
  const reports = attempt(() => verifyChainedFiles(paths, { keys: found === undefined ? [] : [found.key], remembered: found?.memory.load() }));
  for (const report of reports) process.stdout.write(escapeLines(describeReport(report)));
  if (found === undefined) process.stdout.write(`note: there is no ${keyFile}, so no signature was checked, and a missing end is not found; name the key with --key\n`);
  if (reports.some(({ problems }) => problems.length > 0)) process.exitCode = ExitCode.FINDING;
}

function namedBy(files: readonly string[], { config: file, key }: VerifyOptions): { readonly paths: readonly string[]; readonly keyFile: string } {
  if (file === undefined) return { paths: files, keyFile: key ?? auditKeyBeside(attempt(() => realpathSync(files.at(-1) ?? ''))) };
  const { audit } = loadConfig(file, process.env);
  if (audit === undefined) throw new StartError(`${file}: the key "audit" is missing, the file that events are kept in`);
  return { paths: [audit.file], keyFile: key ?? audit.keyFile };
}

/** @param named whether somebody named the file, who must not be told that all is well without it */
function openKey(file: string, named: boolean): { readonly key: KeyObject; readonly memory: CheckpointMemory } | undefined {
  if (!named && !existsSync(file)) return undefined;
  try {
    const key = createPublicKey(readFileSync(file));
    assertP256(key);
    return { key, memory: checkpointsBeside(file) };
  } catch {
    throw new StartError(`${file}: expected an ECDSA key on the curve P-256, in PEM`);
  }
}

function attempt<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new StartError(`The audit file cannot be verified: ${(error as Error).message}`);
  }
}

const MOST_SHOWN = 50;

function describeReport({ file, entries, writers, checkpoints, problems, notes }: ChainReport): string {
  const shown = problems.slice(0, MOST_SHOWN).map(({ kind, line, message }) => `${file}:${line}: ${kind}: ${message}`);
  const rest = problems.length - shown.length;
  return [
    ...shown,
    ...(rest > 0 ? [`and ${rest} more`] : []),
    ...notes.map((note) => `note: ${note}`),
    `${file}: ${entries} entries of ${writers.length === 1 ? '1 writer' : `${writers.length} writers`}, ${checkpoints} signed checkpoints, ${problems.length === 0 ? 'as they were written' : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`}`,
    '',
  ].join('\n');
}

function escapeLines(text: string): string {
  return text.split('\n').map(escapeUnprintable).join('\n');
}
