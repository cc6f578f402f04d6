import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadPolicyTexts, type LoadedPolicies, type PolicyFile, type ServerTools } from '../../lambda/authorization';
import { ConfigError, loadConfigAtRest, StartError, type LocalConfig } from '../../lambda/local';
import type { ToolDefinition } from '../../lambda/protocol';
import { gather } from '../scan/gather';

/** Policies as they are written. */
export interface PolicySources {
  /** What the user called it: a folder, or one file. */
  readonly path: string;
  /** Before the name of a file in messages. */
  readonly folder: string;
  readonly loaded: LoadedPolicies;
}

/**
 * The policies in a folder of `.cedar` files, or in one file.
 *
 * @throws StartError when there are none.
 */
export function readPolicySources(path: string): PolicySources {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  const folder = isFile ? dirname(path) : path;
  const files = (isFile ? [basename(path)] : cedarFiles(path)).map((name): PolicyFile => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  if (files.length === 0) throw new StartError(`${path}: expected Cedar policies in files that end in .cedar, found none`);
  return { path, folder, loaded: loadPolicyTexts(files) };
}

function cedarFiles(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.cedar')).sort();
  } catch (error) {
    throw new StartError(`${folder}: expected a folder of .cedar files, it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Where the tools come from that policies are about. */
export interface ToolSource {
  /** Configuration file whose servers are started and asked. */
  readonly config?: string;
  /** File of definitions, or another such configuration. */
  readonly tools?: string;
  /** Name of the server that definitions without one are of. */
  readonly server?: string;
}

/**
 * The servers and the tools that they list.
 *
 * @throws StartError when one of them does not answer: policies on it could not be checked.
 */
export async function readServers({ config, tools, server }: ToolSource): Promise<readonly ServerTools[]> {
  const file = config ?? tools;
  if (file === undefined) throw new StartError('expected the tools that the policies are about: --config FILE with their servers, or --tools FILE with their definitions');
  const { subjects, problems } = await gather([file]);
  if (problems[0] !== undefined) throw new StartError(problems[0]);
  const byServer = new Map<string, ToolDefinition[]>(config === undefined ? [] : serverNames(config).map((name) => [name, []]));
  for (const subject of subjects) {
    if (subject.kind !== 'tool') continue;
    const name = subject.server ?? server;
    if (name === undefined) throw new StartError(`${file}: does not say which server its tools are of; --server NAME does`);
    byServer.set(name, [...(byServer.get(name) ?? []), subject.tool]);
  }
  return [...byServer].map(([name, definitions]) => ({ name, tools: definitions }));
}

function serverNames(config: string): string[] {
  return configurationOf(config).servers.map(({ name }) => name);
}

/** The policies that a configuration names, where none are named beside it. */
export function policiesOf(config: string | undefined): string | undefined {
  return config === undefined ? undefined : configurationOf(config).policies;
}

function configurationOf(file: string): LocalConfig {
  try {
    return loadConfigAtRest(file);
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(error.message);
    throw error;
  }
}
