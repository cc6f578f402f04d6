import { listOf, recordOf, recordsOf } from './property';

/** How far a policy of a VPC endpoint lets a connection go. */
export interface PolicyReach {
  /** Whether data can leave through the endpoint to a resource of somebody else. */
  readonly foreign: boolean;
  /** Why, in one clause. */
  readonly why: string;
}

/** Keys that tie a request to an account or an organisation of the resource. */
const RESOURCE_KEYS = ['aws:resourceaccount', 'aws:resourceorgid', 'aws:resourceorgpaths', 's3:resourceaccount', 's3:dataaccesspointaccount'];

/** Actions that name no resource and carry nothing that somebody else could read. */
const HARMLESS_ACTIONS = ['ecr:getauthorizationtoken', 'sts:getcalleridentity'];

/**
 * Reads the policy of an endpoint. It binds where every statement that allows names the resources, or ties them to an account or an
 * organisation, or where a denial for everyone does. To bind only who calls leaves a workload's own rights on foreign resources.
 *
 * @param document undefined is the default policy, which allows everything
 */
export function readEndpointPolicy(document: unknown): PolicyReach {
  if (document === undefined) return { foreign: true, why: 'it has no endpoint policy' };
  const statements = recordsOf(parse(document).Statement);
  if (statements.some((statement) => statement.Effect === 'Deny' && deniesForeign(statement))) return { foreign: false, why: 'its policy denies resources of others' };
  for (const [index, statement] of statements.entries()) {
    if (statement.Effect === 'Deny') continue;
    const why = reachesForeign(statement);
    if (why !== undefined) return { foreign: true, why: `statement ${String(statement.Sid ?? index + 1)} of its policy ${why}` };
  }
  return { foreign: false, why: 'its policy names the resources or their owner' };
}

function parse(document: unknown): Readonly<Record<string, unknown>> {
  if (typeof document !== 'string') return recordOf(document);
  try {
    return recordOf(JSON.parse(document));
  } catch {
    return { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  }
}

function reachesForeign(statement: Readonly<Record<string, unknown>>): string | undefined {
  if (bindsResource(statement.Condition)) return undefined;
  if (statement.NotResource !== undefined || statement.NotAction !== undefined) return 'allows all but what it names';
  const actions = listOf(statement.Action).map((action) => String(action).toLowerCase());
  if (actions.length > 0 && actions.every((action) => HARMLESS_ACTIONS.includes(action))) return undefined;
  const open = listOf(statement.Resource).map(String).find((resource) => !namesOwner(resource));
  if (open === undefined && listOf(statement.Resource).length > 0) return undefined;
  return `allows ${actions.join(', ') || 'everything'} on ${open ?? 'every resource'}`;
}

/** Whether an ARN says whose the resource is: by its account, or by the name of a bucket, which only one can have. */
function namesOwner(resource: string): boolean {
  if (/^\$\{[^}]+\}/.test(resource)) return true;
  const [, , service, , account = '', ...rest] = resource.split(':');
  if (service === 's3') return !/^[*?]/.test(rest.join(':')) && rest.join(':') !== '' && !rest.join(':').split('/')[0]!.includes('*');
  return account !== '' && !/[*?]/.test(account) && !/[*?]/.test(service ?? '*');
}

function bindsResource(condition: unknown): boolean {
  return conditions(condition).some(
    ({ operator, key, values }) => /^(stringequals|stringlike|arnequals|arnlike|stringequalsignorecase|foranyvalue:stringequals|foranyvalue:stringlike)$/.test(operator) && RESOURCE_KEYS.includes(key) && values.length > 0 && !values.some((value) => /^[*?]+$/.test(value)),
  );
}

function deniesForeign(statement: Readonly<Record<string, unknown>>): boolean {
  const everything = (value: unknown) => value !== undefined && listOf(value).includes('*');
  const everyone = everything(statement.Principal) || everything(recordOf(statement.Principal).AWS);
  const all = conditions(statement.Condition);
  return (
    everyone &&
    everything(statement.Action) &&
    everything(statement.Resource) &&
    all.length === 1 &&
    /^stringnot(equals|like)(ifexists)?$/.test(all[0]!.operator) &&
    RESOURCE_KEYS.includes(all[0]!.key) &&
    !all[0]!.values.some((value) => /^[*?]+$/.test(value))
  );
}

function conditions(condition: unknown): readonly { readonly operator: string; readonly key: string; readonly values: readonly string[] }[] {
  return Object.entries(recordOf(condition)).flatMap(([operator, keys]) =>
    Object.entries(recordOf(keys)).map(([key, values]) => ({ operator: operator.toLowerCase(), key: key.toLowerCase(), values: listOf(values).map(String) })),
  );
}
