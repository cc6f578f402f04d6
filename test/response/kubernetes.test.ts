import fc from 'fast-check';
import type { JsonObject } from '../../lambda/protocol';
import { createKubernetesIsolation, createKubernetesStop, KubernetesConflict, type KubernetesApi } from '../../lambda/response';
import { incident } from './fixtures';

const WORKLOAD = { kind: 'workload', platform: 'kubernetes', cluster: 'mcp', namespace: 'mcp-files', deployment: 'files' } as const;
const ISOLATE = { kind: 'isolate_workload', workload: WORKLOAD } as const;
const cause = { incident: incident(), actions: [], by: 'carol', why: 'x' };
const LABELS = { 'app.kubernetes.io/name': 'files', tier: 'server' };

/** As much of the API as is used: objects by path, with versions, merge patches and conflicts. */
function createCluster(policies: Record<string, object>) {
  const objects = new Map<string, any>();
  const base = '/apis/networking.k8s.io/v1/namespaces/mcp-files/networkpolicies';
  for (const [name, spec] of Object.entries(policies)) objects.set(`${base}/${name}`, { metadata: { name, resourceVersion: '1' }, spec });
  objects.set('/apis/apps/v1/namespaces/mcp-files/deployments/files', { metadata: { name: 'files', resourceVersion: '1' }, spec: { replicas: 2, selector: { matchLabels: LABELS } } });
  const merge = (target: any, patch: any): any => {
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
    const merged = { ...(typeof target === 'object' && target !== null ? target : {}) };
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) delete merged[key];
      else merged[key] = merge(merged[key], value);
    }
    return merged;
  };
  let conflicts = 0;
  const api: KubernetesApi = {
    get: async (_, path) => (path === base ? ({ items: [...objects].filter(([at]) => at.startsWith(`${base}/`)).map(([, one]) => one) } as JsonObject) : structuredClone(objects.get(path))),
    apply: async (_, path, object) => void objects.set(path, structuredClone(object)),
    async patch(_, path, patch: any) {
      const at = path.replace(/\/scale$/, '');
      const found = objects.get(at);
      if (conflicts > 0 || (patch.metadata?.resourceVersion !== undefined && patch.metadata.resourceVersion !== found.metadata.resourceVersion)) {
        conflicts -= 1;
        throw new KubernetesConflict();
      }
      const merged = merge(found, patch);
      objects.set(at, { ...merged, metadata: { ...merged.metadata, resourceVersion: String(Number(found.metadata.resourceVersion) + 1) } });
    },
    delete: async (_, path) => void objects.delete(path),
  };
  const specs = () => Object.fromEntries([...objects].filter(([at]) => at.startsWith(`${base}/`)).map(([at, { spec }]) => [at.slice(base.length + 1), spec]));
  /** What NetworkPolicies permit pods with these labels (https://kubernetes.io/docs/concepts/services-networking/network-policies/). */
  const permits = (labels: Record<string, string>) => {
    const selecting = Object.values<any>(specs()).filter(({ podSelector = {} }) => {
      const isMatched = Object.entries(podSelector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
      return isMatched && (podSelector.matchExpressions ?? []).every(({ key, operator, values }: any) => operator !== 'NotIn' || !values.includes(labels[key]));
    });
    if (selecting.length === 0) return ['everything'];
    return selecting.flatMap(({ ingress = [], egress = [] }) => [...ingress, ...egress]);
  };
  return { api, specs, permits, objects, conflict: (times: number) => void (conflicts = times) };
}

const DENY = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
const ALLOW = { podSelector: { matchLabels: { tier: 'server' } }, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: 'gateway' }], egress: [{ to: 'proxy' }] };

describe('a Deployment of Kubernetes', () => {
  test('IR-2 is cut off whatever other policies permit, other pods are not, and undo restores the policies exactly', async () => {
    const cluster = createCluster({ deny: DENY, allow: ALLOW });
    const initially = structuredClone(cluster.specs());
    const executor = createKubernetesIsolation(cluster.api);
    const before = await executor.observe(ISOLATE);
    expect(cluster.permits(LABELS)).toHaveLength(2);
    await executor.apply(ISOLATE, before, cause);
    await executor.apply(ISOLATE, before, cause);
    expect(cluster.permits(LABELS)).toEqual([]);
    expect(cluster.permits({ tier: 'server', 'app.kubernetes.io/name': 'memory' })).toHaveLength(2);
    expect(await executor.observe(ISOLATE)).toMatchObject({ contained: true });
    await executor.undo(ISOLATE, before, cause);
    await executor.undo(ISOLATE, before, cause);
    expect(cluster.specs()).toEqual(initially);
  });

  test('MUL-5 any policies: cut off means nothing is permitted, and undone means as before', async () => {
    const labels = fc.dictionary(fc.constantFrom('tier', 'app.kubernetes.io/name', 'other'), fc.constantFrom('server', 'files', 'memory'), { maxKeys: 3 });
    const expression = fc.record({ key: fc.constantFrom('tier', 'other'), operator: fc.constant('NotIn'), values: fc.constantFrom(['x'], ['memory']) });
    const spec = fc.record({ podSelector: fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) }, { requiredKeys: [] }), ingress: fc.array(fc.constant({ from: 'anybody' }), { maxLength: 2 }) });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), spec, { maxKeys: 4 }), async (policies) => {
        const cluster = createCluster(policies);
        const initially = structuredClone(cluster.specs());
        const executor = createKubernetesIsolation(cluster.api);
        const before = await executor.observe(ISOLATE);
        await executor.apply(ISOLATE, before, cause);
        expect(cluster.permits(LABELS)).toEqual([]);
        await executor.undo(ISOLATE, before, cause);
        expect(cluster.specs()).toEqual(initially);
      }),
    );
  });

  test('somebody else who writes at the same time loses nothing', async () => {
    const cluster = createCluster({ allow: ALLOW });
    const executor = createKubernetesIsolation(cluster.api);
    cluster.conflict(2);
    await executor.apply(ISOLATE, await executor.observe(ISOLATE), cause);
    expect(cluster.permits(LABELS)).toEqual([]);
  });

  test('IR-2 is stopped, and runs as many pods as before; what others scaled is left', async () => {
    const cluster = createCluster({});
    const executor = createKubernetesStop(cluster.api);
    const stop = { kind: 'stop_workload', workload: WORKLOAD } as const;
    const before = await executor.observe(stop);
    await executor.apply(stop, before, cause);
    expect(await executor.observe(stop)).toMatchObject({ contained: true });
    expect(await executor.undo(stop, before, cause)).toBe('it runs 2 pods');
    expect(await executor.undo(stop, before, cause)).toBe('it was left as it is: it runs 2 pods');
  });

  test('one that is not there is said to be so', async () => {
    const { api } = createCluster({});
    await expect(createKubernetesIsolation(api).observe({ kind: 'isolate_workload', workload: { ...WORKLOAD, deployment: 'gone' } })).rejects.toThrow('there is no Deployment mcp-files/gone in mcp');
  });
});
