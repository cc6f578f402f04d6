import { generateSchema, type CedarSchema, type ServerTools } from './schema';

/** Quotas of Amazon Verified Permissions, in bytes and pieces (user guide, "Quotas for resources"). None can be raised but the last. */
export const STORE_QUOTA = {
  schemaBytes: 100_000,
  policyBytes: 10_000,
  templates: 40,
  identitySources: 1,
  /** All policies whose scope has one and the same resource, and all whose scope has none. */
  policyBytesOfOneResource: 200_000,
} as const;

/** Size of a schema as it is stored. */
export function schemaBytes(schema: CedarSchema): number {
  return Buffer.byteLength(JSON.stringify(schema));
}

/**
 * Servers in groups, in the order given, so that the schema of each group fits into a policy store of its own. A server whose
 * tools alone are too much is a group of its own that does not fit.
 */
export function splitByServer(servers: readonly ServerTools[], limit: number = STORE_QUOTA.schemaBytes): readonly (readonly ServerTools[])[] {
  const groups: ServerTools[][] = [];
  for (const server of servers) {
    const last = groups.at(-1);
    if (last !== undefined && fits([...last, server], limit)) last.push(server);
    else groups.push([server]);
  }
  return groups;
}

function fits(servers: readonly ServerTools[], limit: number): boolean {
  return schemaBytes(generateSchema(servers).schema) <= limit;
}
