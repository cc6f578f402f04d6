import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createZoneLookup, type NetworkZones } from '../../authorization/network-zones';
import type { AnonymousPrincipal } from '../../identity';
import type { ApprovalPolicy } from '../../integrity';
import type { RateLimits } from '../../limits';
import type { ResponsePolicy } from '../../response';
import type { GrantsConfig, LimitsConfig, LocalConfig, RegistryConfig, ResponseConfig, TlsConfig } from './config';
import { auditKeyBeside, type AuditFileConfig } from '../audit-file';
import { whyUnreadable } from '../unreadable';
import { parseConfigDocument, type ConfigDocument } from './document';
import { readIdentity, type IdentityEntry } from './identity';
import { neededInputs, sameVariable, withInputDefaults, type InputEntry, type NeededInput } from './inputs';
import type { Environment } from './interpolate';
import { readPage, type PageEntry } from './page';
import { DEFAULT_LISTEN, isLoopback, parseListen, type ListenAddress } from './listen';
import { ConfigError, type ConfigProblem } from './problem';
import { isDisabled, readServers, type ServerEntry } from './servers';
import { readTelemetry, type TelemetryEntry } from './telemetry';
import { schemaProblems } from './validate';

/** The file as the schema guarantees it. */
interface ConfigFile {
  readonly mcpServers?: Readonly<Record<string, ServerEntry>>;
  readonly servers?: Readonly<Record<string, ServerEntry>>;
  readonly inputs?: readonly InputEntry[];
  readonly listen?: string | number | Partial<ListenAddress>;
  readonly tls?: TlsEntry;
  readonly publicUrl?: string;
  readonly allowedOrigins?: readonly string[];
  readonly policies?: string;
  readonly networkZones?: NetworkZones;
  readonly identity?: IdentityEntry;
  readonly anonymous?: string | AnonymousPrincipal;
  readonly limits?: LimitsEntry;
  readonly behaviour?: boolean | LocalConfig['behaviour'];
  readonly audit?: string | AuditEntry;
  readonly metrics?: boolean;
  readonly page?: PageEntry;
  readonly telemetry?: TelemetryEntry;
  readonly registry?: string | RegistryEntry;
  readonly grants?: string | GrantsEntry;
  readonly response?: string | ResponseEntry;
}

interface ResponseEntry extends ResponsePolicy {
  readonly folder: string;
}

interface RegistryEntry extends ApprovalPolicy {
  readonly folder: string;
  readonly key?: string;
  readonly rescanMinutes?: number;
}

interface GrantsEntry {
  readonly folder: string;
  readonly approvers?: readonly string[];
  readonly maxLifetimeSeconds?: number;
  readonly maxUses?: number;
  readonly decideMinutes?: number;
}

interface TlsEntry {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

interface AuditEntry {
  readonly file: string;
  readonly key?: string;
}

type LimitsEntry = LimitsConfig['gateway'] &
  LimitsConfig['http'] & { readonly rates?: Readonly<Partial<Record<keyof RateLimits, { readonly requests: number; readonly seconds: number }>>> };

/**
 * Reads `file`, checks all of it, and replaces its variables from `environment`.
 *
 * @param listenOverride - Where to listen instead of what the file says.
 * @throws ConfigError with every problem that was found.
 */
export function loadConfig(file: string, environment: Environment, listenOverride?: ListenAddress): LocalConfig {
  return readConfig(file, readText(file), environment, listenOverride);
}

/**
 * The same for whoever starts no server and calls none: references to the environment are left as they are, so that neither variables nor
 * inputs are needed. What only a running gateway needs is left out: credentials, traces, the page.
 */
export function loadConfigAtRest(file: string): LocalConfig {
  return readConfig(file, readText(file), undefined);
}

/**
 * The inputs that the servers of `file` need and `environment` has no answer for. None where the file is no configuration: that is
 * for `loadConfig` to say.
 */
export function inputsNeededBy(file: string, environment: Environment): readonly NeededInput[] {
  try {
    const document = parseConfigDocument(file, readText(file));
    if (schemaProblems(document).length > 0) return [];
    const { mcpServers, servers, inputs } = document.value as ConfigFile;
    const entries = Object.values(mcpServers ?? servers ?? {}).filter((entry) => !isDisabled(entry));
    return neededInputs(entries, inputs, environment);
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

/** The same for the text of a file that was read already. */
export function readConfig(file: string, text: string, surroundings: Environment | undefined, listenOverride?: ListenAddress): LocalConfig {
  const document = parseConfigDocument(file, text);
  failOn(file, schemaProblems(document));
  const value = document.value as ConfigFile;
  const environment = surroundings && withInputDefaults(surroundings, value.inputs);
  const folder = dirname(resolve(file));
  const root = value.mcpServers ? 'mcpServers' : 'servers';
  const read = readServers(document, resolve(file), root, value[root] ?? {}, environment);
  const listen = listenOverride ?? parseListen(value.listen) ?? DEFAULT_LISTEN;
  const identity = value.identity && readIdentity(document, folder, environment, value.identity);
  const tls = value.tls && readTls(document, folder, value.tls);
  const page = readAt(document, ['page', 'token'], () => environment && readPage(folder, environment, value.page));
  const telemetry = readAt(document, ['telemetry'], () => environment && readTelemetry(environment, value.telemetry));
  failOn(file, [...read.problems, ...(identity?.problems ?? []), ...(tls?.problems ?? []), ...page.problems, ...telemetry.problems, ...crossProblems(document, value, listen)]);
  return {
    file,
    listen,
    tls: tls?.tls,
    publicUrl: value.publicUrl?.replace(/\/$/, ''),
    allowedOrigins: value.allowedOrigins ?? [],
    servers: read.servers.map((server) => ({ ...server, senderConstraint: server.senderConstraint ?? identity?.identity?.senderConstraint })),
    toolFilters: read.toolFilters,
    policies: value.policies === undefined ? undefined : resolve(folder, value.policies),
    networkZones: value.networkZones,
    identity: identity?.identity,
    anonymous: typeof value.anonymous === 'string' ? { id: value.anonymous } : value.anonymous,
    limits: readLimits(value.limits ?? {}),
    behaviour: value.behaviour === true ? {} : value.behaviour || undefined,
    audit: value.audit === undefined ? undefined : readAudit(folder, value.audit),
    registry: value.registry === undefined ? undefined : readRegistry(folder, value.registry),
    grants: value.grants === undefined ? undefined : readGrants(folder, value.grants),
    response: value.response === undefined ? undefined : readResponse(folder, value.response),
    metrics: value.metrics,
    page: page.value,
    telemetry: telemetry.value,
    warnings: [...read.warnings, ...warningsOf(value, listen)],
  };
}

function problemOfZones(zones: NetworkZones): string | undefined {
  try {
    createZoneLookup(zones);
    return undefined;
  } catch (error) {
    return (error as TypeError).message;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(file, [{ pointer: '', message: whyUnreadable(error) }]);
  }
}

function failOn(file: string, problems: readonly ConfigProblem[]): void {
  const [first, ...rest] = problems;
  if (first) throw new ConfigError(file, [first, ...rest]);
}

/** What no schema can say: rules between keys. */
function crossProblems(document: ConfigDocument, value: ConfigFile, listen: ListenAddress): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report = (path: readonly string[], message: string) => problems.push(document.problemAt(path, message, 'key'));
  if (value.mcpServers && value.servers) report(['servers'], 'is the same as "mcpServers", give one of the two');
  if (!value.mcpServers && !value.servers) report([], 'the key "mcpServers" is missing');
  else if (Object.values(value.mcpServers ?? value.servers ?? {}).every(isDisabled)) report([value.mcpServers ? 'mcpServers' : 'servers'], 'expected at least one server that is not disabled');
  if (!parseListen(value.listen)) report(['listen'], 'expected a port from 0 to 65535');
  if (!isLoopback(listen.host)) {
    const reach = `while the gateway listens on ${listen.host}, which other machines can reach`;
    if (value.anonymous !== undefined) report(['anonymous'], `is refused ${reach}`);
    if (!value.identity) report([], `the key "identity" is needed ${reach}`);
    if (!value.publicUrl) report([], `the key "publicUrl" is needed ${reach}`);
    if (value.page === true) report(['page'], `needs a "token" ${reach}`);
  }
  const same = sameVariable(value.inputs);
  if (same !== undefined) report(['inputs'], `${JSON.stringify(same[0])} and ${JSON.stringify(same[1])} would both be ${same[2]}, give one of them another id`);
  const zoneProblem = problemOfZones(value.networkZones ?? {});
  if (zoneProblem !== undefined) report(['networkZones'], zoneProblem);
  if (!value.policies && value.grants !== undefined) report(['grants'], 'needs "policies" beside it, a folder of Cedar policies: they say what needs a grant, and who approves it');
  if (!value.policies && (value.identity || value.anonymous !== undefined)) {
    const key = value.identity ? 'identity' : 'anonymous';
    report([key], 'needs "policies" beside it, a folder of Cedar policies: without one nothing is permitted');
  }
  return problems;
}

function warningsOf(value: ConfigFile, listen: ListenAddress): string[] {
  if (isLoopback(listen.host) || value.publicUrl?.startsWith('https:')) return [];
  return [`tokens reach ${value.publicUrl} without encryption, put TLS in front and give its https:// origin as "publicUrl"`];
}

function readTls(document: ConfigDocument, folder: string, entry: TlsEntry): { readonly tls?: TlsConfig; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const read = (key: keyof TlsEntry, path: string): Buffer => {
    try {
      return readFileSync(resolve(folder, path));
    } catch {
      problems.push(document.problemAt(['tls', key], `cannot read the file ${resolve(folder, path)}`));
      return Buffer.alloc(0);
    }
  };
  const { cert, key, clientCa } = entry;
  const tls = { cert: read('cert', cert), key: read('key', key), ...(clientCa === undefined ? {} : { clientCa: read('clientCa', clientCa) }) };
  return problems.length === 0 ? { tls, problems } : { problems };
}

/** What `read` makes of an entry, or the problem that it throws, at `path`. */
function readAt<T>(document: ConfigDocument, path: readonly string[], read: () => T): { readonly value?: T; readonly problems: readonly ConfigProblem[] } {
  try {
    return { value: read(), problems: [] };
  } catch (error) {
    return { problems: [document.problemAt(path, (error as Error).message)] };
  }
}

function readResponse(base: string, entry: string | ResponseEntry): ResponseConfig {
  const { folder, ...policy }: ResponseEntry = typeof entry === 'string' ? { folder: entry } : entry;
  return { folder: resolve(base, folder), policy };
}

/** Changes are met at once where a tool is used; this finds those of tools that nobody uses. */
const DEFAULT_RESCAN_MINUTES = 60;

function readRegistry(base: string, entry: string | RegistryEntry): RegistryConfig {
  const { folder, key, rescanMinutes = DEFAULT_RESCAN_MINUTES, ...policy }: RegistryEntry = typeof entry === 'string' ? { folder: entry } : entry;
  const path = resolve(base, folder);
  return { folder: path, keyFile: key === undefined ? join(path, 'signing-key.pem') : resolve(base, key), policy, rescanMinutes };
}

function readAudit(base: string, entry: string | AuditEntry): AuditFileConfig {
  const { file, key }: AuditEntry = typeof entry === 'string' ? { file: entry } : entry;
  const path = resolve(base, file);
  return { file: path, keyFile: key === undefined ? auditKeyBeside(path) : resolve(base, key) };
}

function readGrants(base: string, entry: string | GrantsEntry): GrantsConfig {
  const { folder, approvers = [], maxLifetimeSeconds, maxUses, decideMinutes } = typeof entry === 'string' ? { folder: entry } : entry;
  const limits = { maxLifetimeSeconds, maxUses, decideMs: decideMinutes === undefined ? undefined : decideMinutes * 60_000 };
  return { folder: resolve(base, folder), approvers, limits: Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined)) };
}

function readLimits(entry: LimitsEntry): LimitsConfig {
  const { rates = {}, headersMs, requestMs, maxConnections, ...gateway } = entry;
  const toLimit = ([name, { requests, seconds }]: [string, { requests: number; seconds: number }]) => [name, { points: requests, seconds }] as const;
  const http = Object.entries({ headersMs, requestMs, maxConnections }).filter(([, value]) => value !== undefined);
  return { gateway, http: Object.fromEntries(http), rates: Object.fromEntries(Object.entries(rates).map(toLimit)) };
}
