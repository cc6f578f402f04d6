import type { Principal } from '../../identity';
import { isJsonObject, type JsonObject } from '../../protocol';
import type { GrantDesk } from '../contract';
import type { Grant } from '../grant';
import { isTarget, type Mark, type Target } from '../marks';
import { GrantRefused, type GrantRefusal } from '../refused';
import { readRequest } from '../request';

/** What the API answers. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: JsonObject;
  readonly location?: string;
  /** For the audit event. */
  readonly denied?: string;
}

const STATUS: Readonly<Record<GrantRefusal, number>> = {
  invalid_request: 400,
  not_permitted: 403,
  own_grant: 403,
  approved_before: 403,
  not_found: 404,
  not_requested: 409,
  not_live: 409,
  ended: 409,
  too_many_requests: 429,
};

export function refusalAnswer({ reason, message }: GrantRefused): ApiAnswer {
  return { status: STATUS[reason], body: { error: reason, message }, denied: `grant_${reason}` };
}

/**
 * `/grants` for programs:
 *
 * - `POST /grants` asks for one, `GET /grants` lists, `GET /grants/<id>` shows
 * - `POST /grants/<id>/approve`, `/deny`, `/revoke` with `{"why": "..."}`
 * - `GET /grants/revocations` lists what is blocked; `POST` with `{"target", "effect": "revoke" | "block" | "unblock", "why"}`
 *
 * @param path Behind `/grants`
 */
export async function serveApi(desk: GrantDesk, by: Principal, method: string, path: string, body: unknown): Promise<ApiAnswer> {
  try {
    return await route(desk, by, method, path.split('/').filter((segment) => segment !== ''), body);
  } catch (error) {
    if (error instanceof GrantRefused) return refusalAnswer(error);
    throw error;
  }
}

async function route(desk: GrantDesk, by: Principal, method: string, [first, second, ...more]: readonly string[], body: unknown): Promise<ApiAnswer> {
  if (more.length > 0) return NOT_FOUND;
  if (first === undefined) {
    if (method === 'GET') return { status: 200, body: { grants: (await desk.list(by)).map(viewOf) } };
    if (method !== 'POST') return NOT_ALLOWED;
    const grant = await desk.request(by, readRequest(body));
    return { status: 201, body: viewOf(grant), location: `/grants/${grant.id}` };
  }
  if (first === 'revocations' && second === undefined) {
    if (method === 'GET') return { status: 200, body: { blocked: (await desk.blocks(by)).map((mark) => ({ ...mark }) as unknown as JsonObject) } };
    if (method !== 'POST') return NOT_ALLOWED;
    const { target, effect, why } = readMark(body);
    return { status: 200, body: (await desk.mark(target, effect, by, why)) as Mark as unknown as JsonObject };
  }
  if (second === undefined) return method === 'GET' ? { status: 200, body: viewOf(await desk.find(first, by)) } : NOT_ALLOWED;
  if (method !== 'POST') return NOT_ALLOWED;
  switch (second) {
    case 'approve':
      return { status: 200, body: viewOf(await desk.approve(first, by, isJsonObject(body) && body.why !== undefined ? whyOf(body) : undefined)) };
    case 'deny':
      return { status: 200, body: viewOf(await desk.deny(first, by, whyOf(body))) };
    case 'revoke':
      return { status: 200, body: viewOf(await desk.revoke(first, by, whyOf(body))) };
    default:
      return NOT_FOUND;
  }
}

const NOT_FOUND: ApiAnswer = { status: 404, body: { error: 'not_found', message: 'there is nothing at this path' }, denied: 'unknown_route' };
const NOT_ALLOWED: ApiAnswer = { status: 405, body: { error: 'method_not_allowed', message: 'this path does not take this method' }, denied: 'unknown_route' };

const MAX_WHY = 500;

/** @throws GrantRefused `invalid_request` */
export function whyOf(body: unknown): string {
  const why = isJsonObject(body) ? body.why : undefined;
  if (typeof why !== 'string' || why.trim() === '' || why.length > MAX_WHY) throw new GrantRefused('invalid_request', `why: expected a text of 1 to ${MAX_WHY} characters`);
  return why.trim();
}

function readMark(body: unknown): { readonly target: Target; readonly effect: 'revoke' | 'block' | 'unblock'; readonly why: string } {
  const { target, effect } = isJsonObject(body) ? body : {};
  if (!isTarget(target)) throw new GrantRefused('invalid_request', 'target: expected {kind: "everything" | "principal" | "server" | "tool" | "address", ...}');
  if (effect !== 'revoke' && effect !== 'block' && effect !== 'unblock') throw new GrantRefused('invalid_request', 'effect: expected "revoke", "block" or "unblock"');
  return { target, effect, why: whyOf(body) };
}

/** A grant as others see it. */
export function viewOf(grant: Grant): JsonObject {
  const { generation: _, ...rest } = grant;
  return rest as unknown as JsonObject;
}
