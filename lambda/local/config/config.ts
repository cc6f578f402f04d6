import type { GatewayLimits, ServerOptions } from '../../gateway';
import type { AnonymousPrincipal, TrustedIssuer } from '../../identity';
import type { ApprovalPolicy } from '../../integrity';
import type { RateLimits } from '../../limits';
import type { HttpServerLimits } from '../http-server';
import type { ListenAddress } from './listen';
import type { ToolFilter } from './servers';

/** A configuration file, checked, with every path absolute and every variable replaced. */
export interface LocalConfig {
  readonly file: string;
  readonly listen: ListenAddress;
  /** Origin without a trailing slash. @default - the address that the gateway listens on */
  readonly publicUrl?: string;
  readonly allowedOrigins: readonly string[];
  readonly servers: readonly ServerOptions[];
  /** By name of the server. */
  readonly toolFilters: ReadonlyMap<string, ToolFilter>;
  /** Folder of .cedar files. */
  readonly policies?: string;
  readonly identity?: IdentityConfig;
  /** The principal of requests without a token. @default - there is none: they are refused */
  readonly anonymous?: AnonymousPrincipal;
  readonly limits: LimitsConfig;
  /** Where it is kept which tools are approved. @default - there is no registry: the policies alone decide */
  readonly registry?: RegistryConfig;
  /** File that audit events are appended to. */
  readonly auditFile?: string;
  /** What the user should know, one sentence each. */
  readonly warnings: readonly string[];
}

/** Whose tokens are believed. */
export interface IdentityConfig {
  readonly trusted: TrustedIssuer;
  /** Scopes that every token must have. */
  readonly requiredScopes: readonly string[];
}

/** The registry of tools on this machine. */
export interface RegistryConfig {
  /** Folder of its documents. */
  readonly folder: string;
  /** The key that signs approvals; made where there is none. */
  readonly keyFile: string;
  readonly policy: ApprovalPolicy;
  /** How often a gateway asks all servers again and scans all that is known, minutes; 0 for never. */
  readonly rescanMinutes: number;
}

export interface LimitsConfig {
  readonly gateway: Partial<GatewayLimits>;
  readonly http: Partial<HttpServerLimits>;
  readonly rates: Partial<RateLimits>;
}
