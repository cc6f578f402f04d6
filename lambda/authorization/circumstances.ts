/**
 * What may be known of a request besides who asks for what. Every member is optional: absent means that nobody has looked,
 * and policies ask with `context has risk` before they use it.
 */
export interface Circumstances {
  /** The just-in-time grant that the call would use (JIT-1). Absent: there is none that is live and fits this call. */
  readonly grant?: GrantInUse;
  /** What the caller says the call is for (JIT-3), from the token or the request. */
  readonly purpose?: string;
  /** How suspicious the principal's behaviour is, 0 to 100 (JIT-2, CV-3). Rounded up; what is not such a number counts as 100. */
  readonly risk?: number;
  readonly network?: NetworkZone;
  readonly device?: DevicePosture;
  readonly session?: SessionState;
  readonly authentication?: AuthenticationContext;
}

/** A grant that was found live, unused and fitting at the time of the decision. */
export interface GrantInUse {
  readonly id: string;
  /** What it was asked for. */
  readonly purpose: string;
  /** It holds for exactly the arguments of this call, and not for other ones. */
  readonly argumentsBound: boolean;
  /** Ids of those who approved it; empty where a policy did. Policies also see how many, as `grant.approvals`. */
  readonly approvedBy: readonly string[];
}

export interface NetworkZone {
  /** The name that the configuration gives to where the request comes from, `office`. */
  readonly zone: string;
}

export interface DevicePosture {
  /** Whether the device is managed and healthy, in the word of the token's issuer. */
  readonly trusted: boolean;
}

/** The conversation that the request belongs to; absent where there is none, as in MCP 2026-07-28. */
export interface SessionState {
  readonly id: string;
  /** Seconds since it was opened. Rounded up; what is no number counts as for ever. */
  readonly ageSeconds: number;
}

/** How the principal proved who it is (CV-3, IAM-4). */
export interface AuthenticationContext {
  /** `acr` of the token (RFC 9470). */
  readonly acr?: string;
  /** Seconds since the principal signed in, from `auth_time`. Rounded up; what is no number counts as for ever. */
  readonly ageSeconds?: number;
  /** How the token was presented: `bearer`, `dpop`, `mtls`. */
  readonly method?: string;
  /** Whether a stolen token is of no use without its key (RFC 9449, RFC 8705). */
  readonly senderConstrained: boolean;
}
