import type { Block } from '../../grants';
import { GatewayErrorCode } from '../../protocol';

/** What a blocked caller is told (JIT-4). */
export interface BlockedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly error: { readonly code: number; readonly message: string };
  readonly headers?: Readonly<Record<string, string>>;
}

export function blockedAnswer(block: Block): BlockedAnswer {
  if (block.kind === 'unreadable') {
    const error = { code: GatewayErrorCode.UNAVAILABLE, message: 'whether access is blocked cannot be read now, so the request is refused' };
    return { status: 503, reason: 'kill_switch_unreadable', error, headers: { 'retry-after': '1' } };
  }
  const { target } = block.mark;
  const what = target.kind === 'everything' ? 'all access' : target.kind === 'principal' ? 'the access of this principal' : target.kind === 'address' ? 'access from this address' : `access to this ${target.kind}`;
  return { status: 403, reason: 'blocked', error: { code: GatewayErrorCode.ACCESS_DENIED, message: `Access denied: ${what} is blocked` } };
}
