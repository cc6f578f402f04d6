import type { JsonObject } from '../../../protocol';

/** Services that are asked for evidence and whose clients are not in the bundle. @throws where a service does not answer, by the name that it gives the error */
export interface AskAws {
  /** An operation of a service that speaks JSON, such as `FilterLogEvents`. */
  readonly json: (service: 'logs' | 'cloudtrail', operation: string, body: JsonObject) => Promise<JsonObject>;
  /** An operation of Amazon EC2, whose answer is XML and is kept as it is. */
  readonly ec2: (operation: string, parameters: Readonly<Record<string, string>>) => Promise<string>;
}

/** Parameters of EC2 for a filter: `Filter.1.Name`, `Filter.1.Value.1`. */
export function filtersOf(filters: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(filters).flatMap(([name, values], index) => [
    [`Filter.${index + 1}.Name`, name],
    ...values.map((value, at) => [`Filter.${index + 1}.Value.${at + 1}`, value]),
  ]));
}

/** Ids of one kind in an answer of EC2, each once. */
export function idsIn(xml: string, element: 'instanceId' | 'groupId' | 'snapshotId'): readonly string[] {
  return [...new Set([...xml.matchAll(new RegExp(`<${element}>([a-z]+-[0-9a-f]+)</${element}>`, 'g'))].map(([, id]) => id!))];
}
