import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { StartError } from '../../lambda/local';
import { isJsonObject, type JsonObject, type ToolDefinition } from '../../lambda/protocol';
import { parseLine } from './json-lines';
import type { Subject } from './subject';

/** A folder is read this deep, without `node_modules` and hidden folders. */
const MAX_DEPTH = 16;

/** The files of a folder that may hold definitions: `.json` and `.jsonl`, in the order of their names. */
export function definitionFiles(folder: string, depth = 0): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return depth >= MAX_DEPTH || entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : definitionFiles(path, depth + 1);
      return entry.isFile() && /\.jsonl?$/.test(entry.name) ? [path] : [];
    });
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** @throws StartError where the file cannot be read */
export function readDefinitions(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(`${file}: ${code === 'ENOENT' ? 'there is no such file or folder' : `cannot be read (${code})`}.`);
  }
}

/** Whether a document is the configuration of a client, whose servers have to be started to know their tools. */
export function isConfiguration(document: unknown): boolean {
  return isJsonObject(document) && (isJsonObject(document.mcpServers) || isJsonObject(document.servers));
}

/**
 * The definitions in a document: the result of `tools/list` (alone or in its JSON-RPC answer), a list of tools, one tool,
 * or `{"servers": [{"name", "tools", "instructions"}]}`. Empty where it is none of them.
 */
export function subjectsIn(document: unknown, source: string): readonly Subject[] {
  if (Array.isArray(document)) return document.every((tool) => isTool(tool) || isServer(tool)) ? document.flatMap((entry: unknown) => subjectsIn(entry, source)) : [];
  if (!isJsonObject(document)) return [];
  if (isJsonObject(document.result)) return subjectsIn(document.result, source);
  if (Array.isArray(document.servers)) return document.servers.filter(isServer).flatMap((server) => subjectsIn(server, source));
  if (isServer(document)) return serverSubjects(document, source);
  return isTool(document) ? [toolSubject(document, undefined, source)] : [];
}

/** The definitions in JSON Lines. @throws StartError on the first line that is none */
export function subjectsInLines(text: string, source: string): readonly Subject[] {
  return text.split('\n').flatMap((content, index) => {
    if (content.trim() === '') return [];
    const line = parseLine(content, index + 1, source);
    if (!line.ok) throw new StartError(`${source}:${line.line}: ${line.error}`);
    return [line.subject];
  });
}

function isServer(value: unknown): value is JsonObject & { readonly tools: readonly JsonObject[] } {
  return isJsonObject(value) && Array.isArray(value.tools) && value.tools.every(isJsonObject);
}

function isTool(value: unknown): value is JsonObject {
  return isJsonObject(value) && typeof value.name === 'string' && (typeof value.description === 'string' || isJsonObject(value.inputSchema));
}

/** What a server gives a model to read: its tools and its instructions. */
export function serverSubjects(server: { readonly name?: unknown; readonly tools: readonly object[]; readonly instructions?: unknown }, source: string): readonly Subject[] {
  const name = typeof server.name === 'string' ? server.name : undefined;
  const tools = server.tools.map((tool) => toolSubject(tool, name, source));
  if (typeof server.instructions !== 'string') return tools;
  const label = name ?? basename(source);
  return [...tools, { kind: 'instructions', id: `${label}/(instructions)`, server: label, instructions: server.instructions, source }];
}

function toolSubject(tool: object, server: string | undefined, source: string): Subject {
  const definition = tool as ToolDefinition;
  return { kind: 'tool', id: server ? `${server}/${definition.name}` : String(definition.name), ...(server ? { server } : {}), tool: definition, source };
}
