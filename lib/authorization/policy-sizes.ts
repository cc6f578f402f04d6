import { parsePolicySet } from '../../lambda/authorization/policy-set';
import { STORE_QUOTA } from '../../lambda/authorization/schema-size';

/** One sentence for each resource whose policies are more than Amazon Verified Permissions takes together. */
export function oversizedResources(texts: Readonly<Record<string, string>>): string[] {
  const all = Object.values(texts).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (all <= STORE_QUOTA.policyBytesOfOneResource) return [];
  const bytes = new Map<string, number>();
  for (const { id, json } of parsePolicySet(texts).policies) {
    const resource = resourceOf(json.resource);
    bytes.set(resource, (bytes.get(resource) ?? 0) + Buffer.byteLength(texts[id]!));
  }
  return [...bytes]
    .filter(([, size]) => size > STORE_QUOTA.policyBytesOfOneResource)
    .map(([resource, size]) => `the policies on ${resource} have ${size} bytes together, and Amazon Verified Permissions takes ${STORE_QUOTA.policyBytesOfOneResource}: name groups instead of principals, or narrower resources`);
}

/** What the service counts a policy under. */
function resourceOf(constraint: object): string {
  const { entity, in: within } = constraint as { readonly entity?: unknown; readonly in?: { readonly entity?: unknown } };
  const named = entity ?? within?.entity;
  if (typeof named !== 'object' || named === null) return 'no resource in particular';
  const { type, id } = named as { readonly type: string; readonly id: string };
  return `${type}::${JSON.stringify(id)}`;
}
