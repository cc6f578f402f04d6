import { ConfigError, loadConfig, probeServers, StartError } from '../../lambda/local';
import { environmentFor } from '../ask-inputs';
import { definitionFiles, isConfiguration, isFolder, readDefinitions, subjectsIn, subjectsInLines, serverSubjects } from './documents';
import type { Subject } from './subject';

/** What was found to scan, and what could not be. */
export interface Gathered {
  readonly subjects: readonly Subject[];
  /** One sentence for each server or file that has nothing to scan. */
  readonly problems: readonly string[];
}

/**
 * Gathers definitions from paths: configuration files (whose servers are started and asked), `tools/list` results, JSON
 * Lines, folders of them.
 * @throws StartError where a path cannot be read or holds no definitions
 */
export async function gather(paths: readonly string[]): Promise<Gathered> {
  const parts: Gathered[] = [];
  for (const path of paths) parts.push(isFolder(path) ? gatherFolder(path) : await gatherFile(path));
  return { subjects: parts.flatMap(({ subjects }) => subjects), problems: parts.flatMap(({ problems }) => problems) };
}

/** Files of a folder that hold no definitions are somebody else's. */
function gatherFolder(folder: string): Gathered {
  const subjects = definitionFiles(folder).flatMap((file) => {
    const text = readDefinitions(file);
    if (file.endsWith('.jsonl')) return subjectsInLines(text, file);
    const document = parse(text);
    return document === undefined ? [] : subjectsIn(document, file);
  });
  if (subjects.length === 0) throw new StartError(`${folder}: no .json or .jsonl file in it holds tool definitions.`);
  return { subjects, problems: [] };
}

async function gatherFile(file: string): Promise<Gathered> {
  const text = readDefinitions(file);
  if (file.endsWith('.jsonl')) return { subjects: subjectsInLines(text, file), problems: [] };
  const document = parse(text);
  // A configuration may have comments or be YAML, which only its own reader knows.
  if (document === undefined || isConfiguration(document)) return gatherServers(file);
  const subjects = subjectsIn(document, file);
  if (subjects.length === 0 && !isEmptyList(document)) {
    throw new StartError(`${file}: expected mcpServers, the result of tools/list, a list of tools, or one tool.`);
  }
  return { subjects, problems: [] };
}

async function gatherServers(file: string): Promise<Gathered> {
  const { servers } = await readConfiguration(file);
  const probe = await probeServers(servers);
  try {
    const problems: string[] = [];
    const subjects = servers.flatMap(({ name }) => {
      const result = probe.results.get(name)!;
      if (result.ok) return serverSubjects({ name, ...result }, file);
      problems.push(`${file}: ${name}: ${result.reason}${result.lastWords ? ` It wrote: ${result.lastWords}` : ''}`);
      return [];
    });
    return { subjects, problems };
  } finally {
    await probe.close();
  }
}

async function readConfiguration(file: string): Promise<ReturnType<typeof loadConfig>> {
  try {
    return loadConfig(file, await environmentFor(file));
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(error.message);
    throw error;
  }
}

function isEmptyList(document: unknown): boolean {
  const tools = (document as { readonly tools?: unknown } | null)?.tools ?? document;
  return Array.isArray(tools) && tools.length === 0;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
