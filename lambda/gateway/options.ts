import type { AuditSink } from '../audit';
import type { DecisionPoint } from '../authorization';
import type { Assessor } from '../behaviour';
import type { UpstreamCredentials } from '../credentials';
import type { Authenticator, SenderConstraint, TokenRequirement } from '../identity';
import type { GatewayGrants } from './grants';
import type { KillSwitch } from '../grants';
import type { ServerGuard } from '../guard';
import type { ToolRegistryView } from '../integrity';
import type { RateLimiter } from '../limits';
import type { Tracer } from '../telemetry';
import type { ClientCapability } from './legs';
import type { UpstreamLimits } from './upstream';

/** Everything a gateway is made of. All that touches the world comes in here. */
export interface GatewayOptions {
  /** Public origin, without a trailing slash: `https://gateway.example.com`. Routes are `<publicUrl>/mcp/<server>`. */
  readonly publicUrl: string;
  readonly servers: readonly ServerOptions[];
  readonly authenticator: Authenticator;
  /** Issuers named in the protected resource metadata (RFC 9728). */
  readonly authorizationServers: readonly string[];
  /** Scopes named in challenges and metadata. @default - none */
  readonly scopes?: readonly string[];
  readonly decisionPoint: DecisionPoint;
  readonly rateLimiter: RateLimiter;
  readonly audit: AuditSink;
  /** Only tools and instructions that it holds approved are served (TD-4, SC-2). @default - every tool that the policies permit */
  readonly registry?: ToolRegistryView;
  /** Just-in-time grants for what the policies permit with one alone, and the kill switch (JIT-1, JIT-4). @default - there are none */
  readonly grants?: GatewayGrants;
  /** Refuses principals, servers and addresses at once, without grants (JIT-4, SOC-3). @default - that of the grants */
  readonly killSwitch?: KillSwitch;
  /** Says how unusual a tool call is: `context.risk` of the policies (CV-2). @default - only what tokens say of the risk counts */
  readonly behaviour?: Assessor;
  /** Follows requests through the gateway (GW-4). @default - nobody does */
  readonly tracer?: Tracer;
  /**
   * Serves clients of the HTTP+SSE transport of MCP 2024-11-05 at `<publicUrl>/mcp/<server>/sse`. A client's stream is open at one
   * instance, and all that it posts has to get there. @default false
   */
  readonly httpSse?: boolean;
  /** 32 bytes; seals session ids and request state. Instances that share it serve each other's sessions. */
  readonly sealKey: Uint8Array;
  /**
   * Others have `sealKey` when this instance has stopped: what a client can take up again by its last event is left to them
   * (MCP 2025-11-25, transports: resumability).
   *
   * @default false - whoever waits for an answer is told that the gateway stopped
   */
  readonly sessionsOutlive?: boolean;
  /** Key of the argument digests in audit events. */
  readonly digestKey: Uint8Array;
  /** `Host` values that are ours. */
  readonly allowedHosts: readonly string[];
  /** `Origin` values of browser clients that may call. */
  readonly allowedOrigins: readonly string[];
  /** @default DEFAULT_GATEWAY_LIMITS */
  readonly limits?: Partial<GatewayLimits>;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Gets each line that a child process writes to its standard error: printable, bounded, not to be believed. @default - nobody does */
  readonly onServerOutput?: (server: string, line: string) => void;
}

export interface ServerOptions {
  /** Route segment and Cedar id: `^[a-z0-9][a-z0-9_-]{0,62}$`. */
  readonly name: string;
  readonly upstream: UpstreamOptions;
  /** Bring argument strings to NFC and forward that form (IOV-6). @default true */
  readonly normalize?: boolean;
  /** What happens to arguments that the tool's schema does not name (IOV-4). @default 'refuse' */
  readonly unknownArguments?: 'refuse' | 'allow';
  /**
   * Capabilities of clients that the server gets to know: what it may ask of them.
   *
   * @default - `['sampling', 'elicitation']`. A server that is told of roots takes the client's word for what it may access
   */
  readonly clientCapabilities?: readonly ClientCapability[];
  readonly upstreamLimits?: Partial<UpstreamLimits>;
  /** Checks arguments beyond their schema, and everything that the server sends (DLP-1 to DLP-4, IOV-5 to IOV-8). @default - none */
  readonly guard?: ServerGuard;
  /** Whether tokens for this server have to be bound to a key of their sender (IAM-4). @default 'off' */
  readonly senderConstraint?: SenderConstraint;
  /** What tokens must show for the server or some of its tools, besides what every token must (CV-3). @default - nothing */
  readonly tokenRequirements?: readonly TokenRequirement[];
  /** What an HTTP server is shown beside the headers of `upstream` (IAM-3). @default - nothing */
  readonly credentials?: UpstreamCredentials;
}

/** A server that is reached over HTTP. */
export interface RemoteUpstream {
  /** https, or http on this machine; private networks are allowed. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Plain http to other machines, such as where a mesh encrypts. @default false */
  readonly unsafeAllowPlainHttp?: boolean;
}

export type UpstreamOptions =
  /** Streamable HTTP. */
  | ({ readonly kind: 'http' } & RemoteUpstream)
  /** The transport of MCP 2024-11-05: a stream, and an endpoint that takes messages. */
  | ({ readonly kind: 'sse' } & RemoteUpstream)
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
    };

export interface GatewayLimits {
  /** Bytes of one request body. */
  readonly maxBodyBytes: number;
  /** Requests in one batch (2025-03-26 only). */
  readonly maxBatch: number;
  /** How long a list of tools is believed before it is asked for again, milliseconds. */
  readonly catalogMs: number;
  /** How many tools of one server are read. */
  readonly maxTools: number;
  /** Life of a legacy session, milliseconds. */
  readonly sessionMs: number;
  /** How long a call waits for the client's answer to a server's question, milliseconds. */
  readonly inputMs: number;
  /** Between two comments that keep a stream open, milliseconds. */
  readonly keepAliveMs: number;
  /** Child processes and HTTP+SSE connections in all. */
  readonly maxProcesses: number;
  /** After how long without use one of them is stopped, milliseconds. */
  readonly processIdleMs: number;
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  maxBodyBytes: 4 * 1024 * 1024,
  maxBatch: 50,
  catalogMs: 60_000,
  maxTools: 5_000,
  sessionMs: 24 * 3_600_000,
  inputMs: 300_000,
  keepAliveMs: 15_000,
  maxProcesses: 64,
  processIdleMs: 600_000,
};
