import type { Principal } from '../identity';
import type { JsonObject, ToolDefinition } from '../protocol';
import type { Circumstances } from './circumstances';

/** One thing a principal wants to do on one server; becomes one Cedar action and resource. */
export type Operation =
  /** Open, keep and close a conversation: initialize, server/discover, ping, logging, listening. `Action::"connect"`. */
  | { readonly kind: 'connect' }
  | { readonly kind: 'listTools' | 'listPrompts' | 'listResources' }
  /** `Action::"<server>/<tool>"`, in the group `Action::"callTool"`. */
  | { readonly kind: 'callTool'; readonly tool: ToolDefinition; readonly arguments: JsonObject }
  | { readonly kind: 'getPrompt'; readonly prompt: string; readonly arguments: JsonObject }
  | { readonly kind: 'readResource' | 'subscribeResource'; readonly uri: string }
  /** Argument completion for a prompt or a resource template. */
  | { readonly kind: 'complete'; readonly reference: string }
  /** A step of a just-in-time grant, on the tool that it is for. What the grant is for is in the context's `purpose`. */
  | { readonly kind: GrantAction; readonly tool: ToolDefinition; readonly request: GrantRequestFacts }
  /** To see grants for a server's tools, to block what concerns it. */
  | { readonly kind: 'seeGrants' | 'useKillSwitch' };

/** `approveGrant` is one approval of two, and a denial; `approveGrantAlone` makes one enough; `autoApproveGrant` needs nobody. */
export type GrantAction = 'requestGrant' | 'autoApproveGrant' | 'approveGrant' | 'approveGrantAlone' | 'revokeGrant';

/** What policies see of a grant that is asked for, as `context.request`. */
export interface GrantRequestFacts {
  /** Id of the principal who would use it. */
  readonly principal: string;
  /** It would hold for exactly the arguments that the approver reads. */
  readonly argumentsBound: boolean;
  readonly uses: number;
  readonly lifetimeSeconds: number;
}

export interface AuthorizationRequest {
  readonly principal: Principal;
  readonly server: string;
  readonly operation: Operation;
  readonly context: RequestContext;
}

/** What is known of the circumstances of a request; part of every Cedar context. What is not known is left out, and costs nothing. */
export interface RequestContext extends Circumstances {
  /** Milliseconds since the epoch, by the clock of the decision. Policies see it as `context.time`. */
  readonly now: number;
  /** Source address of the request, where known. */
  readonly sourceIp?: string;
  readonly protocolVersion?: string;
}

export type Decision =
  | { readonly effect: 'allow'; readonly policyIds: readonly string[] }
  | {
      readonly effect: 'deny';
      readonly policyIds: readonly string[];
      /**
       * `forbidden`: a policy forbids it. `not_permitted`: no policy permits it. `policy_error`: a policy could not be
       * evaluated, which Cedar would skip and we do not. `unavailable`: no good copy of the policies, or no service.
       */
      readonly reason: 'forbidden' | 'not_permitted' | 'policy_error' | 'unavailable';
      /** Set where the person would be allowed this after such a sign-in (CV-3). */
      readonly stepUp?: StepUpDemand;
    };

/** A sign-in as RFC 9470 asks for one; at least one of the two. */
export interface StepUpDemand {
  /** Ways to sign in of which one must have been used, best first. */
  readonly acrValues?: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** The one interface behind which decisions are taken, by Cedar in process or by Amazon Verified Permissions (CV-1). */
export interface DecisionPoint {
  decide(request: AuthorizationRequest): Decision | Promise<Decision>;
  /**
   * Which of `candidates` the principal could be allowed with some arguments: what a filtered list shows (MUL-8).
   * Answers in the order of `candidates`; arguments that are not known yet never count as a denial.
   */
  visible(requests: readonly AuthorizationRequest[]): readonly boolean[] | Promise<readonly boolean[]>;
}
