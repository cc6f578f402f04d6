import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';
import { ResponseRefused } from '../record';
import { ISOLATION_PREFIX, type KubernetesApi } from './kubernetes';

/** Deployments that the response may take hold of, by the name of the cluster, then of the namespace. */
export type ReachableDeployments = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

type Permitted = (deployment: string, body: JsonObject) => boolean;

interface Rule {
  readonly operation: keyof KubernetesApi;
  /** `:namespace` and `:deployment` are declared, `:name` is any name of an object, `:other` any but those of policies that cut off. */
  readonly path: string;
  readonly permits?: Permitted;
}

const NAME = '[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?';
const OTHER = `(?!${ISOLATION_PREFIX})${NAME}`;
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/:namespace/networkpolicies';
const DEPLOYMENT = '/apis/apps/v1/namespaces/:namespace/deployments/:deployment';

/** All that `createKubernetesIsolation`, `createKubernetesStop` and `describeKubernetesWorkload` ask for. */
const RULES: readonly Rule[] = [
  { operation: 'get', path: DEPLOYMENT },
  { operation: 'get', path: '/api/v1/namespaces/:namespace/pods' },
  { operation: 'get', path: POLICIES },
  { operation: 'get', path: `${POLICIES}/:name` },
  { operation: 'patch', path: `${DEPLOYMENT}/scale`, permits: (_, { spec, ...more }) => isJsonObject(spec) && has(spec, ['replicas']) && Number.isInteger(spec.replicas) && has(more, []) },
  { operation: 'patch', path: `${POLICIES}/:other`, permits: (_, body) => changesSelectionAlone(body) },
  { operation: 'apply', path: `${POLICIES}/${ISOLATION_PREFIX}:deployment`, permits: (deployment, body) => permitsNothing(deployment, body) },
  { operation: 'delete', path: `${POLICIES}/${ISOLATION_PREFIX}:deployment` },
];

/**
 * The same API for some Deployments alone, and for nothing but the requests of the response: whoever can ask for more than that gets no further
 * than here. What the cluster itself lets this role do is the second wall (`lib/cluster/manifests/responder-role.ts`).
 *
 * Control: IR-2, MUL-5.
 */
export function restrictToDeployments(api: KubernetesApi, deployments: ReachableDeployments): KubernetesApi {
  function check(operation: keyof KubernetesApi, cluster: string, path: string, body: JsonObject = {}): void {
    const namespaces = Object.hasOwn(deployments, cluster) ? deployments[cluster]! : {};
    const isPermitted = Object.entries(namespaces).some(([namespace, names]) => names.some((deployment) =>
      RULES.some((rule) => rule.operation === operation && patternOf(rule.path, namespace, deployment).test(path) && (rule.permits?.(deployment, body) ?? true))));
    if (!isPermitted) throw new ResponseRefused(`the response does not ${operation} ${path.slice(0, 200)} in the cluster ${cluster.slice(0, 100)}`);
  }

  return {
    async get(cluster, path) {
      check('get', cluster, path);
      return api.get(cluster, path);
    },
    async apply(cluster, path, object) {
      check('apply', cluster, path, object);
      return api.apply(cluster, path, object);
    },
    async patch(cluster, path, patch) {
      check('patch', cluster, path, patch);
      return api.patch(cluster, path, patch);
    },
    async delete(cluster, path) {
      check('delete', cluster, path);
      return api.delete(cluster, path);
    },
  };
}

function patternOf(path: string, namespace: string, deployment: string): RegExp {
  const literal = path.replaceAll('.', '\\.').replace(':namespace', namespace).replace(':deployment', deployment.replaceAll('.', '\\.'));
  return new RegExp(`^${literal.replace(':name', NAME).replace(':other', OTHER)}$`);
}

/** Which pods a policy is about, and not what it permits them. */
function changesSelectionAlone({ metadata, spec, ...more }: JsonObject): boolean {
  if (!isJsonObject(metadata) || !isJsonObject(spec) || !has(metadata, ['resourceVersion']) || !has(spec, ['podSelector']) || !has(more, [])) return false;
  return isJsonObject(spec.podSelector) && has(spec.podSelector, ['matchExpressions']);
}

function permitsNothing(deployment: string, { metadata, spec }: JsonObject): boolean {
  if (!isJsonObject(metadata) || metadata.name !== `${ISOLATION_PREFIX}${deployment}` || !isJsonObject(spec)) return false;
  return has(spec, ['podSelector', 'policyTypes']) && isBothWays(spec.policyTypes);
}

function isBothWays(types: JsonValue | undefined): boolean {
  return Array.isArray(types) && types.includes('Ingress') && types.includes('Egress');
}

function has(object: JsonObject, members: readonly string[]): boolean {
  const own = Object.keys(object);
  return own.length === members.length && members.every((member) => own.includes(member));
}
