import { createPublicKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, existsSync, readFileSync, realpathSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { toOcsf, verifyChainedFiles, type ChainReport, type CheckpointMemory, type OcsfEvent } from '../../lambda/audit';
import { assertP256 } from '../../lambda/integrity';
import { auditKeyBeside, checkpointsBeside, loadConfigAtRest, StartError, whyUnreadable } from '../../lambda/local';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';
import { endWithReader } from '../reader';
import { describeArchive, verifyArchive } from './audit-archive';

const EXAMPLES = `
Examples:
  mcp-zero-trust audit verify -c mcp.json
      the audit file of a configuration
  mcp-zero-trust audit verify audit.jsonl --key /secure/audit.key
  mcp-zero-trust audit verify audit.jsonl.1 audit.jsonl --key /secure/audit.key
      a file and those that it was renamed to before
  mcp-zero-trust audit verify --archive downloads/ --key audit-public.pem
      what a deployment in AWS has archived, downloaded from S3
  mcp-zero-trust audit export audit.jsonl --format ocsf > events.ocsf.jsonl
`;

interface VerifyOptions {
  readonly archive?: true;
  readonly config?: string;
  readonly key?: string;
}

/** `audit`: whether the audit file is as it was written, and what it says in the words of others. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('Verify the audit file, and export its events.').addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`);
  audit
    .command('verify')
    .description('Find entries that were removed, changed, inserted, moved or cut off, and say where.')
    .argument('[files...]', 'audit files; that of the configuration by default')
    .option('--archive', 'the files are what a deployment in AWS has archived: folders, compressed or not')
    .option('-c, --config <file>', 'configuration file with an "audit"')
    .option('--key <file>', 'the key that signed, private or public, PEM; the newest checkpoints are beside it')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(verify);
  audit
    .command('export')
    .description('Write the events of audit files as lines that a SIEM understands, to standard output.')
    .argument('<files...>', 'audit files')
    .addOption(new Option('--format <format>', 'ocsf: the Open Cybersecurity Schema Framework 1.3').choices(['ocsf']).default('ocsf'))
    .addHelpText('after', EXIT_CODES_HELP)
    .action(exportEvents);
  return audit;
}

/** Does not verify: lines that are no events, torn ones among them, are counted on standard error. */
async function exportEvents(files: readonly string[]): Promise<void> {
  endWithReader();
  let skipped = 0;
  for (const file of files) {
    let events = 0;
    try {
      for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
        const event = eventIn(line);
        if (event === 'unreadable') skipped += 1;
        if (event === undefined || event === 'unreadable') continue;
        events += 1;
        if (!process.stdout.write(`${escapeUnprintable(JSON.stringify(event))}\n`)) await once(process.stdout, 'drain');
      }
    } catch (error) {
      throw new StartError(`${file}: ${whyUnreadable(error)}`);
    }
    if (events === 0) process.stderr.write(`${file}: holds no event\n`);
  }
  if (skipped > 0) process.stderr.write(`${skipped} ${skipped === 1 ? 'line is' : 'lines are'} no JSON; see: mcp-zero-trust audit verify\n`);
}

function eventIn(line: string): OcsfEvent | 'unreadable' | undefined {
  try {
    return toOcsf(JSON.parse(line) as Record<string, unknown>);
  } catch {
    return 'unreadable';
  }
}

async function verify(files: readonly string[], options: VerifyOptions, command: Command): Promise<void> {
  if ((files.length === 0) === (options.config === undefined)) command.error('error: expected either files or --config');
  if (options.archive) return verifyArchived(files, options, command);
  const { paths, keyFile } = namedBy(files, options);
  const found = openKey(keyFile, options.key !== undefined);
  const reports = attempt(() => verifyChainedFiles(paths, { keys: found === undefined ? [] : [found.key], remembered: found?.memory.load() }));
  for (const report of reports) process.stdout.write(escapeLines(describeReport(report)));
  if (found === undefined) process.stdout.write(`note: there is no ${keyFile}, so no signature was checked, and a missing end is not found; name the key with --key\n`);
  if (reports.some(({ problems }) => problems.length > 0)) process.exitCode = ExitCode.FINDING;
}

async function verifyArchived(files: readonly string[], { key: keyFile }: VerifyOptions, command: Command): Promise<void> {
  if (files.length === 0) command.error('error: --archive expects files or folders');
  const found = keyFile === undefined ? undefined : openKey(keyFile, true);
  const report = await verifyArchive(files, found === undefined ? [] : [found.key]).catch((error: Error) => {
    throw new StartError(`The archive cannot be verified: ${error.message}`);
  });
  process.stdout.write(escapeLines(describeArchive(report)));
  if (found === undefined) process.stdout.write('note: the certificates of writers were believed, since no key was given; name the public key with --key\n');
  if (report.problems.length > 0) process.exitCode = ExitCode.FINDING;
}

function namedBy(files: readonly string[], { config: file, key }: VerifyOptions): { readonly paths: readonly string[]; readonly keyFile: string } {
  if (file === undefined) return { paths: files, keyFile: key ?? auditKeyBeside(attempt(() => realpathSync(files.at(-1) ?? ''))) };
  const { audit } = loadConfigAtRest(file);
  if (audit === undefined) throw new StartError(`${file}: the key "audit" is missing, the file that events are kept in`);
  return { paths: [audit.file], keyFile: key ?? audit.keyFile };
}

/** @param named whether somebody named the file, who must not be told that all is well without it */
function openKey(file: string, named: boolean): { readonly key: KeyObject; readonly memory: CheckpointMemory } | undefined {
  if (!named && !existsSync(file)) return undefined;
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (error) {
    throw new StartError(`the key ${file}: ${whyUnreadable(error)}`);
  }
  try {
    const key = createPublicKey(pem);
    assertP256(key);
    return { key, memory: checkpointsBeside(file) };
  } catch {
    throw new StartError(`${file}: expected an ECDSA key on the curve P-256, in PEM`);
  }
}

/** What `read` makes of the files; why one of them cannot be read is said of it. */
function attempt<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    throw new StartError(code === undefined || path === undefined ? `The audit file cannot be verified: ${message}` : `${path}: ${whyUnreadable(error)}`);
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
