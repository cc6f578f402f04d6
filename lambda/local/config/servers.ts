import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { ServerOptions, UpstreamOptions } from '../../gateway';
import { createRequirementCheck } from '../../identity';
import { readCredentials, type CredentialsEntry } from './credentials';
import type { ConfigDocument } from './document';
import { readGuard, type GuardEntry } from './guard';
import { interpolate, type Environment } from './interpolate';
import { isLoopback } from './listen';
import type { ConfigProblem, Path } from './problem';

/** One entry of `mcpServers`, after the schema has seen it. */
export interface ServerEntry {
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | number | null>>;
  readonly envFile?: string;
  readonly cwd?: string;
  readonly url?: string;
  readonly serverUrl?: string;
  readonly httpUrl?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly transport?: string;
  readonly normalize?: boolean;
  readonly unknownArguments?: 'refuse' | 'allow';
  readonly clientCapabilities?: readonly ('roots' | 'sampling' | 'elicitation')[];
  readonly unsafeAllowPlainHttp?: boolean;
  readonly limits?: ServerOptions['upstreamLimits'];
  readonly senderConstraint?: ServerOptions['senderConstraint'];
  readonly tokenRequirements?: ServerOptions['tokenRequirements'];
  readonly credentials?: CredentialsEntry;
  readonly guard?: GuardEntry;
  readonly disabled?: boolean;
  readonly enabled?: boolean;
  readonly tools?: readonly string[];
  readonly includeTools?: readonly string[];
  readonly excludeTools?: readonly string[];
  readonly disabledTools?: readonly string[];
}

/** Which tools of a server exist at all, as its entry says: what a client would not show, the gateway does not either. */
export interface ToolFilter {
  readonly only?: ReadonlySet<string>;
  readonly except: ReadonlySet<string>;
}

export interface ReadServers {
  readonly servers: readonly ServerOptions[];
  /** By name of the server. */
  readonly toolFilters: ReadonlyMap<string, ToolFilter>;
  readonly warnings: readonly string[];
  readonly problems: readonly ConfigProblem[];
}

/** Keys that other clients act on and the gateway does not: most say which tools to run without asking, or how to sign in. */
const IGNORED = ['alwaysAllow', 'autoApprove', 'trust', 'timeout', 'dev', 'oauth', 'auth', 'authProviderType', 'headersHelper', 'alwaysLoad', 'watchPaths', 'sandboxEnabled'];
/** Keys that only mean something for a remote server. */
const REMOTE_ONLY = ['headers', 'credentials', 'unsafeAllowPlainHttp'] as const;
const MAX_NAME = 63;

/** The servers of `entries`, the value of the key `root`, with variables replaced and paths made absolute. */
export function readServers(
  document: ConfigDocument,
  file: string,
  root: string,
  entries: Readonly<Record<string, ServerEntry>>,
  environment: Environment | undefined,
): ReadServers {
  const servers: ServerOptions[] = [];
  const toolFilters = new Map<string, ToolFilter>();
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const ignored: string[] = [];
  const keys = new Map<string, string>();
  for (const [key, entry] of Object.entries(entries)) {
    if (isDisabled(entry)) continue;
    const name = routeName(key);
    const reader = new EntryReader(document, [root, key], dirname(file), environment, problems, warnings);
    const before = keys.get(name);
    if (name === '') reader.report([], 'expected a name with letters from a to z or digits, because it is part of a URL and of policies', 'key');
    else if (before !== undefined) reader.report([], `would have the same URL as "${before}", /mcp/${name}, give one of them another name`, 'key');
    else if (name !== key) warnings.push(`"${key}" is served as ${name}, because its name is part of a URL and of policies`);
    keys.set(name, key);
    ignored.push(...ignoredKeys(entry).map((one) => `${name}.${one}`));
    const upstream = reader.readUpstream(name, entry);
    if (!upstream) continue;
    const filter = readToolFilter(entry);
    if (filter) toolFilters.set(name, filter);
    const { normalize, unknownArguments, clientCapabilities, limits: upstreamLimits, senderConstraint, tokenRequirements } = entry;
    const credentials = reader.readCredentials(entry, upstream);
    const guard = reader.readGuard(name, entry);
    servers.push({ name, upstream, normalize, unknownArguments, clientCapabilities, upstreamLimits, senderConstraint, tokenRequirements, credentials, guard });
  }
  if (ignored.length > 0) warnings.push(`these keys of other clients change nothing here, policies and limits do: ${ignored.join(', ')}`);
  return { servers, toolFilters, warnings, problems };
}

export function isDisabled({ disabled, enabled }: ServerEntry): boolean {
  return disabled === true || enabled === false;
}

/** `key` as a segment of a URL: other characters than a to z, digits, `-` and `_` become one `-`. Empty where none is left. */
function routeName(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^[-_]+/, '').slice(0, MAX_NAME).replace(/-+$/, '');
}

function ignoredKeys(entry: ServerEntry): string[] {
  const ofPrograms = entry.command === undefined && Object.keys(entry.env ?? {}).length > 0 ? ['env'] : [];
  return [...IGNORED.filter((key) => key in entry), ...ofPrograms];
}

function readToolFilter({ includeTools, tools, excludeTools = [], disabledTools = [] }: ServerEntry): ToolFilter | undefined {
  const except = new Set([...excludeTools, ...disabledTools]);
  const only = [includeTools, tools?.includes('*') ? undefined : tools].filter((names) => names !== undefined);
  const [first, ...others] = only;
  if (first === undefined) return except.size === 0 ? undefined : { except };
  return { only: new Set(first.filter((name) => others.every((names) => names.includes(name)))), except };
}

/** Where clients run the programs of a file: in the project that it belongs to. */
function projectFolder(folder: string): string {
  return ['.vscode', '.cursor'].includes(basename(folder)) ? dirname(folder) : folder;
}

class EntryReader {
  constructor(
    private readonly document: ConfigDocument,
    private readonly path: Path,
    private readonly folder: string,
    private readonly environment: Environment | undefined,
    private readonly problems: ConfigProblem[],
    private readonly warnings: string[],
  ) {}

  readUpstream(name: string, entry: ServerEntry): UpstreamOptions | undefined {
    const before = this.problems.length;
    this.checkTransport(entry);
    const upstream = entry.command === undefined ? this.readHttp(name, entry) : this.readStdio(entry, entry.command);
    return this.problems.length === before ? upstream : undefined;
  }

  /** What only the parts themselves know to be wrong is said at their key. */
  readCredentials({ credentials, tokenRequirements = [] }: ServerEntry, upstream: UpstreamOptions): ServerOptions['credentials'] {
    this.tryRead(['tokenRequirements'], () => createRequirementCheck(tokenRequirements));
    if (credentials === undefined || upstream.kind !== 'http' || this.environment === undefined) return undefined;
    return this.tryRead(['credentials'], () => readCredentials(credentials, upstream.url, this.folder, (text) => this.replace(['credentials'], text)));
  }

  private tryRead<Read>(path: Path, read: () => Read): Read | undefined {
    try {
      return read();
    } catch (error) {
      this.report(path, (error as Error).message);
      return undefined;
    }
  }

  readGuard(name: string, { guard }: ServerEntry): ServerOptions['guard'] {
    if (guard === undefined) return undefined;
    const read = readGuard(name, guard, this.folder);
    if (!('message' in read)) return read;
    this.report(['guard', ...read.path], read.message);
    return undefined;
  }

  private checkTransport(entry: ServerEntry): void {
    const key = entry.type === undefined ? 'transport' : 'type';
    const transport = entry[key];
    if (transport !== undefined && ['stdio', 'local'].includes(transport) !== (entry.command !== undefined)) {
      this.report([key], `does not go with "${entry.command === undefined ? 'url' : 'command'}"`);
    }
    if (entry.command === undefined) return;
    for (const remote of REMOTE_ONLY) if (entry[remote] !== undefined) this.report([remote], 'only goes with "url"', 'key');
  }

  private readStdio(entry: ServerEntry, command: string): UpstreamOptions {
    return {
      kind: 'stdio',
      command: this.replace(['command'], command),
      args: (entry.args ?? []).map((argument, index) => this.replace(['args', index], argument)),
      env: { ...this.readEnvFile(entry.envFile), ...this.replaceAll('env', entry.env) },
      cwd: entry.cwd === undefined ? projectFolder(this.folder) : resolve(this.folder, this.replace(['cwd'], entry.cwd)),
    };
  }

  private readHttp(name: string, entry: ServerEntry): UpstreamOptions {
    const key = (['url', 'serverUrl', 'httpUrl'] as const).find((one) => entry[one] !== undefined) ?? 'url';
    const url = this.replace([key], entry[key] ?? '');
    const headers = this.replaceAll('headers', entry.headers);
    if (this.environment !== undefined) this.checkUrl(name, key, url, entry.unsafeAllowPlainHttp === true);
    for (const [header, value] of Object.entries(headers)) {
      try {
        new Headers([[header, value]]);
      } catch {
        this.report(['headers', header], 'is not a valid HTTP header');
      }
    }
    const kind = (entry.type ?? entry.transport) === 'sse' ? 'sse' : 'http';
    if (kind === 'sse' && entry.credentials !== undefined) this.report(['credentials'], 'does not go with "sse", put the credential of the server into "headers"');
    return { kind, url, headers, unsafeAllowPlainHttp: entry.unsafeAllowPlainHttp };
  }

  private checkUrl(name: string, key: string, text: string, unsafeAllowPlainHttp: boolean): void {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !['http:', 'https:'].includes(url.protocol)) {
      this.report([key], 'expected a URL that starts with https:// or http://');
    } else if (url.username !== '' || url.password !== '') {
      this.report([key], 'expected a URL without a password, put the credential into "headers"');
    } else if (url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
      if (unsafeAllowPlainHttp) this.warnings.push(`${name} is reached without encryption, use https:// where it can`);
      else this.report([key], 'goes to another machine without encryption, expected https://, or "unsafeAllowPlainHttp": true beside it');
    }
  }

  private readEnvFile(envFile: string | undefined): Record<string, string> {
    if (envFile === undefined || this.environment === undefined) return {};
    const path = resolve(this.folder, this.replace(['envFile'], envFile));
    try {
      return { ...parseEnv(readFileSync(path, 'utf8')) } as Record<string, string>;
    } catch {
      this.report(['envFile'], `cannot read the file ${path}`);
      return {};
    }
  }

  private replaceAll(key: string, values: Readonly<Record<string, string | number | null>> = {}): Record<string, string> {
    return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, this.replace([key, name], String(value))]])));
  }

  private replace(path: Path, text: string): string {
    const result = interpolate(text, this.environment, projectFolder(this.folder));
    if (result.ok) return result.text;
    this.report(path, result.message);
    return text;
  }

  report(path: Path, message: string, at: 'key' | 'value' = 'value'): void {
    this.problems.push(this.document.problemAt([...this.path, ...path], message, at));
  }
}
