import { randomBytes } from 'node:crypto';
import { createBatchingSink, createJsonLinesSink, type AuditSink, type ChainedFile } from '../audit';
import { createBehaviourMonitor } from '../behaviour';
import { probeServers, type Probe } from '../discovery';
import { createGateway, type Gateway, type GatewayOptions } from '../gateway';
import type { DemoIssuer } from '../identity';
import { createRegistryView, type RefreshedView, type StateChange, type StoredRecord } from '../integrity';
import type { LiveServer, LiveSite } from '../live';
import { createRateLimiter, DEFAULT_RATE_LIMITS } from '../limits';
import { createMetrics, type OpenTracing } from '../telemetry';
import { openAuditFile } from './audit-file';
import { writeDetection, type BehaviourWatcher } from './behaviour';
import { isLoopback, urlHost, type ListenAddress, type LocalConfig } from './config';
import { createLocalDecisionPoint } from './decision-point';
import { APPROVERS, localPrincipal, openLocalGrants, serveLocalGrants, signInUrl, writeGrantEvent, type GrantWatcher, type LocalGrants } from './grants';
import { startHttpServer, type HttpServer } from './http-server';
import { createLocalIdentity } from './identity';
import { adviseOnIssuer } from './issuer';
import { openLiveFeed, openLivePage, withLivePage } from './live';
import { withMetrics } from './metrics';
import { adviseOnPlatform } from './platform';
import { builtInPolicies, checkPolicies, readPolicies, type Policies } from './policies';
import { openLocalRegistry, writeChange, type LocalRegistry, type RegistryWatcher } from './registry';
import { startRescans, type Rescans } from './rescans';
import { openLocalResponse, writeResponse, type LocalResponse, type ResponseWatcher } from './response';
import { StartError } from './start-error';
import { openLocalTracing } from './tracing';

/** A gateway that listens on this machine. */
export interface LocalGateway {
  /** Public origin, without a trailing slash. */
  readonly url: string;
  readonly servers: readonly LocalServer[];
  /** Mints tokens for this gateway, where the configuration names no other way in. */
  readonly issuer?: DemoIssuer;
  /** One-time addresses that sign the approvers in to the approval page, where there are grants. */
  readonly approvers: readonly { readonly name: string; readonly url: string }[];
  /** What the user should know, one sentence each. */
  readonly warnings: readonly string[];
  /** Where a browser sees what the gateway decides. @default - there is no such page */
  readonly page?: string;
  /** Takes no more requests, ends streams, stops every process that was started. Takes 5 seconds at most. */
  stop(): Promise<void>;
}

export interface LocalServer {
  readonly name: string;
  /** The endpoint for clients. */
  readonly url: string;
  /** How many tools it lists; `undefined` where it could not be reached. */
  readonly tools: number | undefined;
  /** How many of them are approved, where there is a registry. */
  readonly approved?: number;
}

/**
 * Starts the gateway that `config` describes: takes the port, asks every server for its tools, checks the policies against
 * them, and serves. Where one of these fails, nothing is left running.
 *
 * @param decisions - Gets one event for each request, besides the audit file (LOG-1).
 * @param onServerOutput - Gets the lines that servers write to their standard error.
 * @param registryWatcher - Hears of the registry of tools, where there is one.
 * @param grantWatcher - Hears of grants, where there are any.
 * @param behaviourWatcher - Hears of what is unusual, where behaviour is watched.
 * @param responseWatcher - Hears of what is done about incidents, where something is.
 * @throws StartError
 */
export async function startLocalGateway(
  config: LocalConfig,
  decisions: AuditSink,
  onServerOutput?: GatewayOptions['onServerOutput'],
  registryWatcher?: RegistryWatcher,
  grantWatcher?: GrantWatcher,
  behaviourWatcher?: BehaviourWatcher,
  responseWatcher?: ResponseWatcher,
): Promise<LocalGateway> {
  const policies = config.policies === undefined ? builtInPolicies() : readPolicies(config.policies);
  const http = await startHttpServer(config.listen, config.limits.http, config.tls);
  const started: Started = { http };
  try {
    return await serve(config, { decisions, onServerOutput, registryWatcher, grantWatcher, behaviourWatcher, responseWatcher }, policies, started);
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

/** What the file has not taken is not recorded: as long as one event waits, nothing more is served. */
const AUDIT_FILE = { maxWaitingBytes: 0, maxKeptBytes: 8 * 1024 * 1024 };

interface Started {
  readonly http: HttpServer;
  gateway?: Gateway;
  page?: LiveSite;
  tracing?: OpenTracing;
  registry?: LocalRegistry;
  view?: RefreshedView;
  rescans?: Rescans;
  grants?: LocalGrants;
  response?: LocalResponse;
  auditFile?: ChainedFile;
  /** Ends when the processes of the probe have. */
  probeClosed?: Promise<void>;
}

interface Outputs {
  readonly decisions: AuditSink;
  readonly onServerOutput: GatewayOptions['onServerOutput'];
  readonly registryWatcher: RegistryWatcher | undefined;
  readonly grantWatcher: GrantWatcher | undefined;
  readonly behaviourWatcher: BehaviourWatcher | undefined;
  readonly responseWatcher: ResponseWatcher | undefined;
}

async function serve(config: LocalConfig, { decisions, onServerOutput, registryWatcher, grantWatcher, behaviourWatcher, responseWatcher }: Outputs, policies: Policies, started: Started): Promise<LocalGateway> {
  const { address } = started.http;
  const scheme = config.tls === undefined ? 'http' : 'https';
  const url = config.publicUrl ?? `${scheme}://${urlHost(address)}`;
  const [probe, issuerRemarks] = await Promise.all([probeServers(config.servers), adviseOnIssuer(config)]);
  started.probeClosed = probe.close();
  const remarks = [...config.warnings, ...issuerRemarks, ...adviseOnPlatform(process.platform, config.servers), ...readProbe(config, probe), ...checkAgainst(config, policies, probe)];
  const auditFile = config.audit === undefined ? undefined : openAuditFile(config.audit);
  started.auditFile = auditFile;
  const metrics = config.metrics !== false && isLoopback(address.host) ? createMetrics() : undefined;
  const feed = openLiveFeed(config);
  started.tracing = openLocalTracing(config);
  const behaviour = config.behaviour && createBehaviourMonitor({
    settings: config.behaviour,
    onDetection(detection) {
      behaviourWatcher?.detected(detection);
      metrics?.detected(detection);
      feed?.add({ kind: 'alert', detection });
      if (auditFile !== undefined) writeDetection(auditFile, detection);
      void started.response?.detected(detection);
    },
  });
  /** What changed while nothing ran is noticed before there is a response. */
  const early: StateChange[] = [];
  const tools = await followRegistry(config, probe, started, {
    changed(change) {
      registryWatcher?.changed(change);
      if (change.action !== 'scan' && change.action !== 'submit') feed?.add({ kind: 'tool', change });
      if (auditFile !== undefined) writeChange(auditFile, change);
      if (started.response === undefined) early.push(change);
      else void started.response.changed(change);
    },
    failed: (error) => registryWatcher?.failed(error),
  });
  const { issuer, ...identity } = await createLocalIdentity(config, url);
  const decisionPoint = createLocalDecisionPoint(config, policies);
  const sealKey = randomBytes(32);
  const names = config.servers.map(({ name }) => name);
  if (config.grants !== undefined) {
    started.grants = await openLocalGrants(config.grants, names, decisionPoint, (event) => {
      grantWatcher?.happened(event);
      feed?.add({ kind: 'grant', event });
      if (auditFile !== undefined) writeGrantEvent(auditFile, event);
    });
  }
  const local = started.grants;
  if (config.response !== undefined) {
    started.response = await openLocalResponse(config.response, { registry: started.registry?.registry, marks: local?.desk.marks, audit: config.audit?.file }, {
      happened(event) {
        responseWatcher?.happened(event);
        if (auditFile !== undefined) writeResponse(auditFile, event);
      },
      told: (notice) => responseWatcher?.told(notice),
      failed: (error) => responseWatcher?.failed(error),
    });
    for (const change of early) void started.response.changed(change);
  }
  const { authenticator } = identity;
  const allowedHosts = [...new Set([new URL(url).host, ...loopbackHosts(address)])];
  const gateway = createGateway({
    publicUrl: url,
    servers: config.servers,
    ...identity,
    decisionPoint,
    rateLimiter: createRateLimiter({ ...DEFAULT_RATE_LIMITS, ...config.limits.rates }),
    audit: createBatchingSink({
      recorder: auditFile && createJsonLinesSink(auditFile, AUDIT_FILE),
      observers: [decisions, metrics?.sink, feed?.sink, behaviour?.sink].filter((sink) => sink !== undefined),
    }),
    behaviour,
    registry: started.view,
    tracer: started.tracing?.tracer,
    grants: local && serveLocalGrants({ local, url, servers: names, authenticator, sealKey, onError: (error) => grantWatcher?.failed(error) }),
    httpSse: true,
    sealKey,
    digestKey: randomBytes(32),
    allowedHosts,
    allowedOrigins: [url, ...loopbackHosts(address).map((host) => `${scheme}://${host}`), ...config.allowedOrigins],
    limits: config.limits.gateway,
    onServerOutput,
  });
  started.gateway = gateway;
  const servers = config.servers.map(({ name }) => ({
    name,
    url: `${url}/mcp/${name}`,
    tools: toolsOf(probe, name)?.length,
    ...(started.view === undefined ? {} : { approved: tools.filter(({ record }) => record.subject.server === name && record.subject.tool !== undefined && record.state === 'approved').length }),
  }));
  if (feed !== undefined) {
    const kindOf = (name: string) => (config.servers.some((server) => server.name === name && server.upstream.kind === 'stdio') ? 'stdio' : 'http');
    const sources = {
      servers: servers.map(({ name, tools: listed }): LiveServer => ({ name, tools: listed, kind: kindOf(name) })),
      registry: started.registry?.registry,
      grants: local?.overview,
      auditHead: auditFile && (() => auditFile.head()),
      approvalHead: started.registry && (() => started.registry?.log.head),
      watchesBehaviour: behaviour !== undefined,
    };
    started.page = openLivePage({ feed, sources, config, allowedHosts });
  }
  const measured = metrics === undefined ? gateway : withMetrics(gateway, metrics, allowedHosts);
  started.http.serve(started.page === undefined ? measured : withLivePage(measured, started.page));
  const approvers = local === undefined ? [] : await Promise.all((config.grants?.approvers ?? []).map(async (name) => ({ name, url: await signInUrl(local, url, localPrincipal(config, url, name, [APPROVERS])) })));
  return { url, servers, issuer, approvers, warnings: [...remarks, ...adviseOn(config, tools)], ...(feed === undefined ? {} : { page: `${url}/` }), stop: () => stopAll(started) };
}

/** Opens the registry, where there is one, and takes note of what the servers offer. */
async function followRegistry(config: LocalConfig, probe: Probe, started: Started, watcher: RegistryWatcher): Promise<readonly StoredRecord[]> {
  if (config.registry === undefined) return [];
  started.registry = await openLocalRegistry(config.registry, watcher.changed);
  const { registry, log } = started.registry;
  const tools = await started.registry.observe(probe, 'gateway');
  started.view = createRegistryView({ registry, log, onError: watcher.failed });
  await started.view.refresh();
  started.rescans = startRescans(config.servers, started.registry, config.registry.rescanMinutes, watcher.failed);
  return tools;
}

function adviseOn({ file }: LocalConfig, tools: readonly StoredRecord[]): string[] {
  const waiting = tools.filter(({ record }) => record.state !== 'approved' && record.state !== 'revoked').length;
  if (waiting === 0) return [];
  return [`${waiting === 1 ? '1 definition waits' : `${waiting} definitions wait`} for approval and ${waiting === 1 ? 'is' : 'are'} not served; see: mcp-zero-trust tools list --config ${file}`];
}

/** A program that does not start is an error; a remote server may be back in a moment. */
function readProbe(config: LocalConfig, probe: Probe): string[] {
  const warnings: string[] = [];
  for (const { name, upstream, credentials } of config.servers) {
    const result = probe.results.get(name);
    if (!result || result.ok) continue;
    if (credentials?.owner === 'principal') {
      warnings.push(`${name} was not asked for its tools, because only principals have credentials for it.`);
      continue;
    }
    if (upstream.kind === 'stdio') throw new StartError(explainNoStart(name, result));
    const hint = upstream.kind === 'http' && /\/sse\/?$/.test(new URL(upstream.url).pathname) ? ' If it speaks HTTP+SSE, give "type": "sse" beside its "url".' : '';
    warnings.push(`${result.reason} Calls fail until it can be reached.${hint}`);
  }
  return warnings;
}

function explainNoStart(name: string, { reason, lastWords }: { readonly reason: string; readonly lastWords?: string }): string {
  const because = reason.replace(/\.$/, '').replace('; its standard error may say why', '');
  const said = lastWords === undefined ? '' : `; it said: ${lastWords}`;
  return `The server "${name}" does not start: ${because.replace(/^The server "[^"]*" /, 'it ').replace(/^The /, 'the ')}${said}`;
}

function checkAgainst(config: LocalConfig, policies: Policies, probe: Probe): string[] {
  if (config.policies === undefined) return [];
  const tools = config.servers.map(({ name }) => ({ name, tools: toolsOf(probe, name) }));
  const known = tools.flatMap((server) => (server.tools ? [{ name: server.name, tools: server.tools }] : []));
  if (known.length < tools.length) return ['The policies were not checked against the tools, because not every server could be asked for them.'];
  return checkPolicies(policies, config.policies, known);
}

function toolsOf(probe: Probe, name: string) {
  const result = probe.results.get(name);
  return result?.ok ? result.tools : undefined;
}

/** Names under which a client on this machine may address the gateway; any other `Host` is refused, so no DNS rebinds to it. */
function loopbackHosts({ host, port }: ListenAddress): string[] {
  return isLoopback(host) ? ['127.0.0.1', 'localhost', '::1', host].map((name) => urlHost({ host: name, port })) : [];
}

async function stopAll({ http, gateway, page, tracing, registry, view, rescans, grants, response, auditFile, probeClosed }: Started): Promise<void> {
  view?.close();
  await page?.close();
  await rescans?.stop();
  await Promise.all([http.stop(() => gateway?.close() ?? Promise.resolve()), probeClosed]);
  await view?.settled();
  await response?.close();
  await Promise.all([registry?.close(), grants?.close(), tracing?.close()]);
  if (auditFile === undefined || auditFile.destroyed) return;
  // What a full disk has not taken by now is lost, and was said so by `flush`.
  await new Promise<void>((resolve) => (auditFile.once('close', resolve).writableLength > 0 ? auditFile.destroy() : auditFile.end()));
}
