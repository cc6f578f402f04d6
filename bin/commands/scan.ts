import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Command, Option } from 'commander';
import { StartError } from '../../lambda/local';
import type { Verdict } from '../../lambda/detection';
import { EXIT_CODES_HELP, ExitCode } from '../exit-code';
import { endWithReader } from '../reader';
import { lineWriter, scanContents, type ContentKind } from '../scan/contents';
import { isConfiguration, subjectsIn } from '../scan/documents';
import { gather, type Gathered } from '../scan/gather';
import { readJsonLines, type Line } from '../scan/json-lines';
import { jsonLine, jsonReport, sarifReport } from '../scan/machine-reports';
import { createProgress } from '../scan/progress';
import { registryOf, scan, type Scanned, type Subject } from '../scan/subject';
import { textReport } from '../scan/text-report';

type Format = 'text' | 'json' | 'jsonl' | 'sarif';

interface ScanOptions {
  readonly jsonl?: true;
  readonly kind?: 'tool' | ContentKind;
  readonly registry?: true;
  readonly format?: Format;
}

const EXAMPLES = `
Examples:
  mcp-zero-trust scan ~/.cursor/mcp.json
      starts the servers of an MCP client, lists their tools and scans them
  mcp-zero-trust scan tools.json
      the result of tools/list, a list of tools, or one tool
  mcp-zero-trust scan --registry servers/
      every definition in a folder, also against each other
  mcp-zero-trust scan --format sarif mcp.json > scan.sarif
  mcp-zero-trust scan --jsonl < definitions.jsonl
      {"id", "server", "tool": {...}} a line; answers one line each, in the same order:
      {"id", "verdict", "score", "findings": [...]}, or {"id": null, "line", "error"}
  mcp-zero-trust scan --jsonl --kind result < results.jsonl
      {"id", "text"} a line: what servers answered (result), or what is sent to them (arguments)
`;

/** `scan`: may a model read these definitions? */
export function scanCommand(): Command {
  return new Command('scan')
    .description('Scan tool definitions for what poisons them.')
    .argument('[paths...]', 'mcp.json, tools/list JSON, .jsonl files or folders; standard input without any')
    .option('--jsonl', 'read JSON Lines and answer each line as it comes')
    .addOption(new Option('--kind <kind>', 'what the lines of --jsonl hold').choices(['tool', 'result', 'arguments']))
    .option('--registry', 'all definitions are one registry: compare them with each other')
    .addOption(new Option('--format <format>', 'how to report; text, and jsonl with --jsonl, by default').choices(['text', 'json', 'jsonl', 'sarif']))
    .addHelpText('after', `${EXAMPLES}${EXIT_CODES_HELP}`)
    .action(async (paths: readonly string[], options: ScanOptions, command: Command) => {
      if (options.jsonl && paths.length > 1) command.error('error: expected at most one path with --jsonl');
      const { kind = 'tool' } = options;
      if (kind !== 'tool' && (!options.jsonl || options.registry || (options.format ?? 'jsonl') !== 'jsonl')) command.error('error: --kind goes with --jsonl, and neither with --registry nor with another format');
      endWithReader();
      if (kind !== 'tool') await scanTexts(inputOf(paths), kind);
      else if (options.jsonl) await scanLines(inputOf(paths), options);
      else await scanAll(paths.length === 0 || paths[0] === '-' ? await gatherInput() : await gather(paths), options);
    });
}

function inputOf([path]: readonly string[]): Readable {
  return path === undefined || path === '-' ? process.stdin : createReadStream(path);
}

/** Texts instead of definitions. */
async function scanTexts(input: Readable, kind: ContentKind): Promise<void> {
  try {
    const { verdicts, malformed } = await scanContents(input, kind, lineWriter(process.stdout));
    process.exitCode = malformed ? ExitCode.USAGE : verdicts.has('reject') ? ExitCode.FINDING : ExitCode.OK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new StartError(`The input cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** Answers each line as soon as it is read; a registry has to be read whole first. */
async function scanLines(input: Readable, { registry, format }: ScanOptions): Promise<void> {
  const lines = readJsonLines(input, '(input)');
  const streamed = !registry && (format === undefined || format === 'jsonl');
  let verdicts: ReadonlySet<Verdict>;
  let malformed = false;
  try {
    if (streamed) {
      const seen = new Set<Verdict>();
      for await (const line of lines) {
        malformed ||= !line.ok;
        const answer = line.ok ? scan(line.subject) : undefined;
        if (answer) seen.add(answer.result.verdict);
        await write(`${answer ? jsonLine(answer) : malformedLine(line as Line & { ok: false })}\n`);
      }
      verdicts = seen;
    } else {
      const all: Line[] = [];
      for await (const line of lines) all.push(line);
      malformed = all.some(({ ok }) => !ok);
      verdicts = await reportLines(all, { registry, format });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new StartError(`The input cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  process.exitCode = malformed ? ExitCode.USAGE : verdicts.has('reject') ? ExitCode.FINDING : ExitCode.OK;
}

async function reportLines(lines: readonly Line[], { registry, format }: ScanOptions): Promise<ReadonlySet<Verdict>> {
  const scanned = scanSubjects(lines.flatMap((line) => (line.ok ? [line.subject] : [])), registry);
  if (format === undefined || format === 'jsonl') {
    let next = 0;
    for (const line of lines) await write(`${line.ok ? jsonLine(scanned[next++]!) : malformedLine(line)}\n`);
  } else {
    for (const line of lines) if (!line.ok) process.stderr.write(`line ${line.line}: ${line.error}\n`);
    await write(`${report(scanned, format)}\n`);
  }
  return new Set(scanned.map(({ result }) => result.verdict));
}

function malformedLine({ line, error }: Line & { readonly ok: false }): string {
  return JSON.stringify({ id: null, line, error });
}

async function scanAll({ subjects, problems }: Gathered, { registry, format = 'text' }: ScanOptions): Promise<void> {
  const scanned = scanSubjects(subjects, registry);
  await write(`${report(scanned, format)}\n`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = ExitCode.USAGE;
  else if (scanned.some(({ result }) => result.verdict === 'reject')) process.exitCode = ExitCode.FINDING;
}

function scanSubjects(subjects: readonly Subject[], asRegistry: boolean | undefined): readonly Scanned[] {
  const registry = asRegistry ? registryOf(subjects) : undefined;
  const progress = createProgress(subjects.length, process.stderr, Date.now);
  const scanned = subjects.map((subject, index) => {
    progress.step(index);
    return scan(subject, registry);
  });
  progress.end();
  return scanned;
}

function report(scanned: readonly Scanned[], format: Format): string {
  switch (format) {
    case 'json':
      return jsonReport(scanned);
    case 'jsonl':
      return scanned.map(jsonLine).join('\n');
    case 'sarif':
      return sarifReport(scanned);
    case 'text':
      return textReport(scanned, Boolean(process.stdout.isTTY) && !process.env.NO_COLOR);
  }
}

/** A JSON document on standard input. */
async function gatherInput(): Promise<Gathered> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  let document: unknown;
  try {
    document = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new StartError('The input is not JSON; --jsonl reads JSON Lines.');
  }
  if (isConfiguration(document)) throw new StartError('The input names servers to start: give the file as an argument instead.');
  return { subjects: subjectsIn(document, '(input)'), problems: [] };
}

/** Waits where whoever reads is slower. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
