import type { AuthorizationRequest } from '../authorization';
import { isJsonObject } from '../protocol';
import { digestOf } from './arguments';
import { satisfies } from './condition';
import { isSame, type ApprovedGrant, type Grant } from './grant';

const NARROWEST = ['exact', 'condition', 'any'];

/** The grant that permits the least comes first, and of those the one that ends first. */
export function byNarrowness(a: ApprovedGrant, b: ApprovedGrant): number {
  return NARROWEST.indexOf(a.terms.arguments.kind) - NARROWEST.indexOf(b.terms.arguments.kind) || a.expiresAt - b.expiresAt;
}

/** Ids begin with a part of a hash alone. */
export function isFor({ terms }: Grant, { principal, server, operation }: AuthorizationRequest): boolean {
  return isSame(terms.principal, principal) && terms.server === server && operation.kind === 'callTool' && terms.tool === operation.tool.name;
}

/** Whether it holds for the arguments of the call. */
export function fits({ terms }: Grant, call: AuthorizationRequest): boolean {
  const { arguments: limit } = terms;
  if (call.operation.kind !== 'callTool' || !isJsonObject(call.operation.arguments)) return false;
  switch (limit.kind) {
    case 'any':
      return true;
    case 'exact':
      return digestOf(call.operation.arguments) === limit.digest;
    case 'condition':
      return satisfies(limit.cedar, call);
  }
}
