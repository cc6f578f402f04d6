import { LATEST_LEGACY, isErrorResponse, type Era, type JsonObject, type JsonRpcResponse } from '../../protocol';
import { type CancelSignal, UpstreamFailure } from '../upstream';
import { GATEWAY_INFO, describeDiscover, describeInitialize, modernMeta } from './gateway-info';
import type { UpstreamDescription } from './leg';

export interface Negotiated {
  readonly era: Era;
  readonly description: UpstreamDescription;
}

/** Sends a request to the process and waits for its answer. */
export type Ask = (method: string, params: JsonObject, signal: CancelSignal) => Promise<JsonRpcResponse>;

/** How long the server is waited for before it is asked in the words of the other era as well. */
const PATIENCE_MS = 3_000;

/**
 * Finds out which era a server on stdio speaks, trying `eras` in their order. Any answer but a good one means: not this
 * one. Servers of the other era answer in many ways, or not at all (MCP 2026-07-28, stdio: backwards compatibility).
 *
 * @throws UpstreamFailure `garbage` when it refuses every one of them
 */
export async function negotiate(name: string, ask: Ask, eras: readonly Era[], clientCapabilities: JsonObject): Promise<Negotiated> {
  const neither = new UpstreamFailure('garbage', `The server "${name}" speaks no revision of MCP that the gateway knows.`);
  const settled = new AbortController();

  async function attempt(era: Era): Promise<Negotiated> {
    const description = era === 'modern' ? await tryModern() : await tryLegacy();
    if (description === undefined) throw neither;
    return { era, description };
  }

  async function tryModern(): Promise<UpstreamDescription | undefined> {
    const answer = await ask('server/discover', { _meta: modernMeta(clientCapabilities, undefined) }, settled.signal);
    return isErrorResponse(answer) ? undefined : describeDiscover(answer.result);
  }

  async function tryLegacy(): Promise<UpstreamDescription | undefined> {
    const params = { protocolVersion: LATEST_LEGACY, capabilities: clientCapabilities, clientInfo: GATEWAY_INFO };
    const answer = await ask('initialize', params, settled.signal);
    return isErrorResponse(answer) ? undefined : describeInitialize(answer.result);
  }

  const attempts: Promise<Negotiated>[] = [];
  try {
    for (const era of eras) {
      attempts.push(attempt(era));
      const found = await soonOrNever(Promise.any(attempts));
      if (found !== undefined) return found;
    }
    return await Promise.any(attempts);
  } catch (failure) {
    const failures: readonly unknown[] = failure instanceof AggregateError ? failure.errors : [failure];
    throw failures.find((one) => one !== neither) ?? neither;
  } finally {
    settled.abort();
  }
}

/** What `found` gives, or `undefined` when it fails or takes long. */
async function soonOrNever(found: Promise<Negotiated>): Promise<Negotiated | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, undefined);
  });
  try {
    return await Promise.race([found.catch(() => undefined), patience]);
  } finally {
    clearTimeout(timer);
  }
}
