import type { NetworkZones } from '../../authorization/network-zones';
import type { BehaviourSettings } from '../../behaviour';
import type { GatewayLimits, ServerOptions } from '../../gateway';
import type { GrantLimits } from '../../grants';
import type { ResponsePolicy } from '../../response';
import type { AnonymousPrincipal, SenderConstraint, TrustedIssuer } from '../../identity';
import type { ApprovalPolicy } from '../../integrity';
import type { RateLimits } from '../../limits';
import type { TracingSettings } from '../../telemetry';
import type { AuditFileConfig } from '../audit-file';
import type { HttpServerLimits } from '../http-server';
import type { ListenAddress } from './listen';
import type { ToolFilter } from './servers';

/** A configuration file, checked, with every path absolute and every variable replaced. */
export interface LocalConfig {
  readonly file: string;
  readonly listen: ListenAddress;
  /** @default - plain HTTP */
  readonly tls?: TlsConfig;
  /** Origin without a trailing slash. @default - the address that the gateway listens on */
  readonly publicUrl?: string;
  readonly allowedOrigins: readonly string[];
  readonly servers: readonly ServerOptions[];
  /** By name of the server. */
  readonly toolFilters: ReadonlyMap<string, ToolFilter>;
  /** Folder of .cedar files. */
  readonly policies?: string;
  /** Address ranges by the name that policies know them by. @default - policies see addresses alone */
  readonly networkZones?: NetworkZones;
  readonly identity?: IdentityConfig;
  /** The principal of requests without a token. @default - there is none: they are refused */
  readonly anonymous?: AnonymousPrincipal;
  readonly limits: LimitsConfig;
  /** Where it is kept which tools are approved. @default - there is no registry: the policies alone decide */
  readonly registry?: RegistryConfig;
  /** Where grants are kept. @default - there are none */
  readonly grants?: GrantsConfig;
  /** What is done about incidents. @default - nothing by itself */
  readonly response?: ResponseConfig;
  /** What counts as unusual. @default - behaviour is not watched */
  readonly behaviour?: Partial<BehaviourSettings>;
  /** @default - events are shown and not kept */
  readonly audit?: AuditFileConfig;
  /** The live page; `false` for none. @default - without a token where only this machine reaches it by every address that it has, and none elsewhere */
  readonly page?: false | PageConfig;
  /** Counts of requests at `/metrics`. @default - there are, where only this machine reaches them */
  readonly metrics?: boolean;
  /** Where traces go. @default - nobody gets any */
  readonly telemetry?: TracingSettings;
  /** What the user should know, one sentence each. */
  readonly warnings: readonly string[];
}

/** Whose tokens are believed. */
export interface IdentityConfig {
  readonly trusted: TrustedIssuer;
  /** Scopes that every token must have. */
  readonly requiredScopes: readonly string[];
  /** Of servers that do not say otherwise. @default 'off' */
  readonly senderConstraint?: SenderConstraint;
  readonly dpop?: DpopConfig;
  readonly clockToleranceSeconds?: number;
}

/** How proofs of DPoP are checked. */
export interface DpopConfig {
  /** Proofs need a nonce of the gateway. @default false */
  readonly nonce?: boolean;
  /** @default 300 */
  readonly maxProofAgeSeconds?: number;
}

export interface PageConfig {
  /** What a browser shows as the password. @default - nothing, where only this machine reaches the page */
  readonly token?: string;
}

/** The certificate of the gateway, and whose clients' certificates count. PEM. */
export interface TlsConfig {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** @default - clients may show certificates of any authority, their own too: tokens name them by their digest */
  readonly clientCa?: Buffer;
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

/** Just-in-time grants on this machine. */
export interface GrantsConfig {
  /** Folder of their documents. */
  readonly folder: string;
  /** Names of those who may sign in to the approval page. */
  readonly approvers: readonly string[];
  readonly limits: Partial<GrantLimits>;
}

/** The response to incidents on this machine. */
export interface ResponseConfig {
  /** Folder of its documents, and of the evidence that it keeps. */
  readonly folder: string;
  readonly policy: ResponsePolicy;
}

export interface LimitsConfig {
  readonly gateway: Partial<GatewayLimits>;
  readonly http: Partial<HttpServerLimits>;
  readonly rates: Partial<RateLimits>;
}
