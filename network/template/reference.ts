/**
 * What a template says of a resource that does not exist yet, as text: `${Stack/LogicalId}` for its id and
 * `${Stack/LogicalId#Attribute}` for an attribute, so that it can be joined, split and compared as the value itself would be.
 */

export function referenceTo(resourceId: string, attribute?: string): string {
  return attribute === undefined ? `\${${resourceId}}` : `\${${resourceId}#${attribute}}`;
}

export interface Reference {
  readonly resourceId: string;
  readonly attribute?: string;
}

/** The one reference that a value consists of; undefined where it is anything else. */
export function referenceIn(value: unknown): Reference | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^\$\{([^}#]+)(?:#([^}]+))?\}$/.exec(value);
  return match ? { resourceId: match[1]!, ...(match[2] !== undefined && { attribute: match[2] }) } : undefined;
}
