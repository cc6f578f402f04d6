import type { Hold, MarkStore, Target } from '../../grants';
import { principalId } from '../../identity';
import type { Containment } from '../action';
import { RESPONDER, type Executor, type Executors } from '../executor';

type AccessAction = Extract<Containment, { kind: 'revoke_grants' | 'block_principal' | 'block_server' | 'block_address' }>;

const BY = { type: 'Agent', id: principalId(RESPONDER), issuer: 'mcp-zero-trust' } as const;

/**
 * Blocks principals, servers and addresses, and sets grants aside, in what every gateway reads before each request. Holds of
 * their own: what people blocked and revoked is neither touched nor taken back.
 *
 * Control: IR-2, SOC-3, JIT-4.
 */
export function createAccessExecutors(marks: Pick<MarkStore, 'hold'>, clock: () => number = Date.now): Required<Pick<Executors, AccessAction['kind']>> {
  function executor<A extends AccessAction>(is: string, done: string): Executor<A> {
    const hold = (action: A, held: boolean, by: string, why: string) => marks.hold({ ...reachOf(action), held, by: { ...BY, id: principalId(by) }, at: clock(), why });
    return {
      observe: async () => ({ is, contained: false, value: {} }),
      async apply(action, _, { why }) {
        await hold(action, true, RESPONDER, why);
        return done;
      },
      async undo(action, _, { by, why }) {
        await hold(action, false, by, why);
        return `${is} again`;
      },
    };
  }

  return {
    revoke_grants: executor('its grants hold', 'its grants are set aside'),
    block_principal: executor('its calls are served', 'its calls are refused'),
    block_server: executor('calls to it are served', 'calls to it are refused'),
    block_address: executor('requests from it are served', 'requests from it are refused'),
  };
}

function reachOf(action: AccessAction): Pick<Hold, 'target' | 'reach'> {
  return { target: targetOf(action), reach: action.kind === 'revoke_grants' ? 'grants' : 'calls' };
}

function targetOf(action: AccessAction): Target {
  const subject = action.kind === 'revoke_grants' ? action.subject : action.kind === 'block_principal' ? action.principal : action.kind === 'block_server' ? action.server : action.address;
  switch (subject.kind) {
    case 'principal':
      return { kind: 'principal', principal: { type: subject.type, id: principalId(subject.id), issuer: subject.issuer } };
    case 'tool':
      return subject.tool === undefined ? { kind: 'server', server: subject.server } : { kind: 'tool', server: subject.server, tool: subject.tool };
    case 'server':
      return { kind: 'server', server: subject.server };
    case 'address':
      return { kind: 'address', address: subject.address };
  }
}
