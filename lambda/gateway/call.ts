import type { DecisionPoint, RequestContext } from '../authorization';
import type { Assessor } from '../behaviour';
import type { AuthenticationFailure, Principal, RequirementCheck, Unmet } from '../identity';
import type { ServerGuard } from '../guard';
import type { Era, JsonObject, JsonRpcRequest, Revision } from '../protocol';
import type { ToolCatalog } from './catalog';
import type { HeaderReader } from './inbound';
import type { GrantGate } from './grants';
import type { LegacyLeg, ModernLeg } from './legs';
import type { GatewayLimits } from './options';
import type { RequestScope } from './scope';
import type { Turn } from './turn';

/** One JSON-RPC request of an authenticated principal, on its way through the checks. */
export interface Call {
  readonly scope: RequestScope;
  readonly server: string;
  readonly principal: Principal;
  /** `principalKey` of `principal`. */
  readonly principalKey: string;
  readonly era: Era;
  readonly revision: Revision;
  readonly message: JsonRpcRequest;
  readonly headers: HeaderReader;
  readonly context: RequestContext;
  readonly clientCapabilities: JsonObject;
  readonly leg: ModernLeg | LegacyLeg;
  readonly catalog: ToolCatalog;
  readonly decisionPoint: DecisionPoint;
  /** Set where there are grants. */
  readonly grants?: GrantGate;
  /** Set where behaviour is watched (CV-2). */
  readonly behaviour?: Assessor;
  /** Set where the server has a guard (DLP-1). */
  readonly guard?: ServerGuard;
  readonly digestKey: Uint8Array;
  readonly limits: GatewayLimits;
  readonly turn: Turn;
  /** `GatewayOptions.sessionsOutlive` */
  readonly sessionsOutlive: boolean;
  /** What tokens must show for certain tools (CV-3). */
  readonly requirements?: RequirementCheck;
  /** The refusal that tells a client to come back with a better token. */
  readonly stepUp: (principal: Principal, unmet: Unmet) => AuthenticationFailure;
}
