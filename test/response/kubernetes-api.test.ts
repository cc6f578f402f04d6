import { createHash, createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ephemeralCertificate } from '../../lambda/container/ephemeral-certificate';
import type { JsonObject } from '../../lambda/protocol';
import { createKubernetesAnswers, createKubernetesIsolation, createKubernetesStop, createRemoteKubernetesApi, describeKubernetesWorkload, ResponseRefused, restrictToDeployments, type KubernetesApi } from '../../lambda/response';
import { createEksApi } from '../../lambda/response/executors/aws-eks-api';
import { incident } from './fixtures';

const KEYS = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'the-role-of-the-function', sessionToken: 'its-session' };
const WORKLOAD = { kind: 'workload', platform: 'kubernetes', cluster: 'mcp', namespace: 'mcp-files', deployment: 'files' } as const;
const ISOLATE = { kind: 'isolate_workload', workload: WORKLOAD } as const;
const STOP = { kind: 'stop_workload', workload: WORKLOAD } as const;
const cause = { incident: incident(), actions: [], by: 'carol', why: 'x' };
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/mcp-files/networkpolicies';
const DEPLOYMENT = '/apis/apps/v1/namespaces/mcp-files/deployments/files';
const ALLOW = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'files' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8080 }] }] };
const DENY = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

/** Whether a bearer token is a request to STS that the role signed, and that names the cluster: what the authenticator of Amazon EKS has STS find out. */
function isSigned(token: string, cluster: string, secret: string): boolean {
  const url = new URL(Buffer.from(token.replace(/^k8s-aws-v1\./, ''), 'base64url').toString());
  const given = [...url.searchParams].filter(([name]) => name !== 'X-Amz-Signature').sort(([a], [b]) => (a < b ? -1 : 1));
  const query = given.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  const request = ['GET', '/', query, `host:${url.host}`, `x-k8s-aws-id:${cluster}`, '', 'host;x-k8s-aws-id', createHash('sha256').update('').digest('hex')].join('\n');
  const [, ...scope] = url.searchParams.get('X-Amz-Credential')!.split('/');
  const stringToSign = ['AWS4-HMAC-SHA256', url.searchParams.get('X-Amz-Date'), scope.join('/'), createHash('sha256').update(request).digest('hex')].join('\n');
  const key = scope.reduce<Buffer>((from, part) => createHmac('sha256', from).update(part).digest(), Buffer.from(`AWS4${secret}`));
  return createHmac('sha256', key).update(stringToSign).digest('hex') === url.searchParams.get('X-Amz-Signature') && url.host === 'sts.eu-west-1.amazonaws.com';
}

/** An API server that knows who asks: over TLS, with versions, server-side apply and merge patches. */
class ApiServer {
  readonly certificate = ephemeralCertificate('localhost', Date.now());
  readonly objects = new Map<string, any>();
  readonly requests: string[] = [];
  conflicts = 0;
  private readonly server: Server = createServer(this.certificate, (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const [path, query = ''] = request.url!.split('?');
      const type = request.headers['content-type'];
      this.requests.push([request.method, path, query, type, text].filter((part) => part).join(' '));
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      const [status, body] = token !== undefined && isSigned(token, 'mcp', KEYS.secretAccessKey) ? this.answer(request.method!, path!, text === '' ? undefined : JSON.parse(text)) : [401, {}];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });

  constructor() {
    this.put(`${POLICIES}/default-deny`, { spec: DENY });
    this.put(`${POLICIES}/from-gateway`, { spec: ALLOW });
    this.put(`${POLICIES}/from-kubelet`, { metadata: { labels: { 'mcp-zero-trust/when-isolated': 'stays' } }, spec: { ...ALLOW, ingress: [{ from: [{ ipBlock: { cidr: '169.254.7.127/32' } }] }] } });
    this.put(DEPLOYMENT, { spec: { replicas: 3, selector: { matchLabels: { 'app.kubernetes.io/name': 'files' } } } });
    this.put('/api/v1/namespaces/mcp-files/pods', { items: [{ metadata: { name: 'files-1' } }] });
    this.put('/api/v1/namespaces/kube-system/secrets', { items: [] });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `https://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  get specs(): Record<string, unknown> {
    return Object.fromEntries([...this.objects].filter(([path]) => path.startsWith(`${POLICIES}/`)).map(([path, { spec }]) => [path.slice(POLICIES.length + 1), spec]));
  }

  private put(path: string, object: any): void {
    const version = Number(this.objects.get(path)?.metadata?.resourceVersion ?? 0) + 1;
    this.objects.set(path, { ...object, metadata: { ...object.metadata, name: path.split('/').at(-1), resourceVersion: `${version}` } });
  }

  private answer(method: string, path: string, body: any): [number, object] {
    if (path === POLICIES) return [200, { items: [...this.objects].filter(([at]) => at.startsWith(`${POLICIES}/`)).map(([, one]) => one) }];
    const at = path.replace(/\/scale$/, '');
    const found = this.objects.get(at);
    if (method === 'DELETE') return this.objects.delete(at) ? [200, {}] : [404, {}];
    if (method === 'GET') return found === undefined ? [404, {}] : [200, found];
    if (body.kind !== undefined) this.put(at, body);
    else if (found === undefined) return [404, {}];
    else if (this.conflicts-- > 0 || (body.metadata?.resourceVersion !== undefined && body.metadata.resourceVersion !== found.metadata.resourceVersion)) return [409, {}];
    else this.put(at, { ...found, spec: merged(found.spec, body.spec) });
    return [200, {}];
  }
}

function merged(target: any, patch: any): any {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const changed = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete changed[name];
    else changed[name] = merged(changed[name], value);
  }
  return changed;
}

describe('the API of a cluster, by way of the function that alone reaches it', () => {
  let server: ApiServer;
  let endpoint: string;
  const deployments = { mcp: { 'mcp-files': ['files'], 'mcp-web': ['web'] } };

  beforeEach(async () => {
    server = new ApiServer();
    endpoint = await server.open();
  });
  afterEach(() => server.close());

  /** Both functions, with what passes between them as JSON. */
  function apiOf({ keys = KEYS, authority = server.certificate.cert } = {}): KubernetesApi {
    const identity = { region: async () => 'eu-west-1', credentials: async () => keys };
    const clusters = { mcp: { endpoint, certificateAuthority: Buffer.from(authority).toString('base64') } };
    const answer = createKubernetesAnswers(restrictToDeployments(createEksApi({ clusters, identity }), deployments));
    return createRemoteKubernetesApi(async (request) => JSON.parse(JSON.stringify(await answer(JSON.parse(JSON.stringify(request))))));
  }

  test('IR-2 pods are cut off and given back by exactly these requests, each signed by the role of the function', async () => {
    const executor = createKubernetesIsolation(apiOf());
    const initially = structuredClone(server.specs);
    const before = await executor.observe(ISOLATE);
    expect(before).toMatchObject({ contained: false });
    server.requests.length = 0;
    await executor.apply(ISOLATE, before, cause);
    expect(server.requests).toEqual([
      `GET ${DEPLOYMENT}`,
      expect.stringMatching(new RegExp(`^PATCH ${POLICIES}/mcp-incident-isolation-files fieldManager=mcp-zero-trust-response&force=true application/apply-patch\\+yaml .*"policyTypes":\\["Ingress","Egress"\\]`)),
      `GET ${POLICIES}`,
      `GET ${POLICIES}/from-gateway`,
      `PATCH ${POLICIES}/from-gateway fieldManager=mcp-zero-trust-response application/merge-patch+json {"metadata":{"resourceVersion":"1"},"spec":{"podSelector":{"matchExpressions":[{"key":"app.kubernetes.io/name","operator":"NotIn","values":["files"]}]}}}`,
    ]);
    expect(server.specs['mcp-incident-isolation-files']).toEqual({ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'files' } }, policyTypes: ['Ingress', 'Egress'] });
    await executor.undo(ISOLATE, before, cause);
    expect(server.specs).toEqual(initially);
  });

  test('CON-1 pods that are cut off are not ended for it: what denies everything is left alone, and so is what lets the kubelet ask', async () => {
    const executor = createKubernetesIsolation(apiOf());
    await executor.apply(ISOLATE, await executor.observe(ISOLATE), cause);
    expect(server.specs).toMatchObject({ 'default-deny': DENY, 'from-kubelet': { podSelector: ALLOW.podSelector } });
    expect((server.specs['from-kubelet'] as any).podSelector.matchExpressions).toBeUndefined();
  });

  test('IR-2 a Deployment is stopped, by its scale alone, and runs as many pods as before', async () => {
    const executor = createKubernetesStop(apiOf());
    const before = await executor.observe(STOP);
    server.requests.length = 0;
    await executor.apply(STOP, before, cause);
    expect(server.requests).toEqual([`PATCH ${DEPLOYMENT}/scale fieldManager=mcp-zero-trust-response application/merge-patch+json {"spec":{"replicas":0}}`]);
    expect(await executor.undo(STOP, before, cause)).toBe('it runs 3 pods');
    expect(server.objects.get(DEPLOYMENT).spec.replicas).toBe(3);
  });

  test('IR-2 evidence holds the Deployment, its pods and the policies around it', async () => {
    expect(await describeKubernetesWorkload(apiOf(), WORKLOAD)).toMatchObject({ deployment: { spec: { replicas: 3 } }, pods: { items: [{}] }, networkPolicies: { items: [{}, {}, {}] } });
  });

  test('somebody else who writes at the same time is told apart from a failure, across both functions', async () => {
    server.conflicts = 2;
    const executor = createKubernetesIsolation(apiOf());
    await executor.apply(ISOLATE, await executor.observe(ISOLATE), cause);
    expect(JSON.stringify(server.specs['from-gateway'])).toContain('NotIn');
  });

  test('what is not there is not there, and is deleted already', async () => {
    const api = apiOf();
    expect(await api.get('mcp', `${POLICIES}/gone`)).toBeUndefined();
    await expect(api.delete('mcp', `${POLICIES}/mcp-incident-isolation-files`)).resolves.toBeUndefined();
  });

  test('IAM-2 a token of another role is refused, which fails the action', async () => {
    await expect(createKubernetesStop(apiOf({ keys: { ...KEYS, secretAccessKey: 'of another role' } })).observe(STOP)).rejects.toThrow('answered GET of /apis/apps/v1/namespaces/mcp-files/deployments/files with 401');
  });

  test('NET-4 an API with another certificate gets no token', async () => {
    await expect(createKubernetesStop(apiOf({ authority: ephemeralCertificate('localhost', Date.now()).cert })).observe(STOP)).rejects.toThrow();
    expect(server.requests).toEqual([]);
  });

  const isolation = (more: object = {}): JsonObject => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'mcp-incident-isolation-files' }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ...more } }) as JsonObject;

  test.each<[string, (api: KubernetesApi) => Promise<unknown>]>([
    ['another namespace', (api) => api.get('mcp', POLICIES.replace('mcp-files', 'kube-system'))],
    ['another Deployment', (api) => api.get('mcp', DEPLOYMENT.replace('deployments/files', 'deployments/other'))],
    ['a Deployment of another declared namespace', (api) => api.patch('mcp', '/apis/apps/v1/namespaces/mcp-web/deployments/files/scale', { spec: { replicas: 0 } })],
    ['another cluster', (api) => api.get('other', DEPLOYMENT)],
    ['a cluster by the name of something that every object has', (api) => api.get('constructor', DEPLOYMENT)],
    ['secrets', (api) => api.get('mcp', '/api/v1/namespaces/mcp-files/secrets')],
    ['all pods of the cluster', (api) => api.get('mcp', '/api/v1/pods')],
    ['a path that leaves its namespace', (api) => api.get('mcp', `${POLICIES}/../../kube-system/networkpolicies`)],
    ['a query', (api) => api.get('mcp', `${POLICIES}?watch=true`)],
    ['a log of a pod', (api) => api.get('mcp', '/api/v1/namespaces/mcp-files/pods/files-1/log')],
    ['another policy', (api) => api.delete('mcp', `${POLICIES}/default-deny`)],
    ['a Deployment to delete', (api) => api.delete('mcp', DEPLOYMENT)],
    ['a policy that permits something', (api) => api.apply('mcp', `${POLICIES}/mcp-incident-isolation-files`, isolation({ egress: [{}] }))],
    ['a policy that is about one direction', (api) => api.apply('mcp', `${POLICIES}/mcp-incident-isolation-files`, isolation({ policyTypes: ['Ingress'] }))],
    ['a policy of another name', (api) => api.apply('mcp', `${POLICIES}/open`, isolation())],
    ['what a policy permits', (api) => api.patch('mcp', `${POLICIES}/from-gateway`, { metadata: { resourceVersion: '1' }, spec: { podSelector: { matchExpressions: null }, ingress: [{}] } })],
    ['labels that a policy selects by', (api) => api.patch('mcp', `${POLICIES}/from-gateway`, { metadata: { resourceVersion: '1' }, spec: { podSelector: { matchLabels: {} } } })],
    ['a policy whatever its version', (api) => api.patch('mcp', `${POLICIES}/from-gateway`, { metadata: {}, spec: { podSelector: { matchExpressions: null } } })],
    ['the policy that cuts off, by another way', (api) => api.patch('mcp', `${POLICIES}/mcp-incident-isolation-files`, { metadata: { resourceVersion: '1' }, spec: { podSelector: { matchExpressions: null } } })],
    ['an image of a Deployment', (api) => api.patch('mcp', DEPLOYMENT, { spec: { template: {} } })],
    ['more than a scale', (api) => api.patch('mcp', `${DEPLOYMENT}/scale`, { metadata: { labels: {} }, spec: { replicas: 0 } })],
    ['a scale that is no number', (api) => api.patch('mcp', `${DEPLOYMENT}/scale`, { spec: { replicas: 'all' } })],
  ])('MUL-5 is not asked for %s', async (_, ask) => {
    await expect(ask(apiOf())).rejects.toThrow(ResponseRefused);
    expect(server.requests).toEqual([]);
  });

  test('a request that is none is refused', async () => {
    const answer = createKubernetesAnswers(restrictToDeployments({} as KubernetesApi, deployments)) as (request: unknown) => Promise<unknown>;
    for (const request of [{}, { operation: 'watch', cluster: 'mcp', path: DEPLOYMENT }, { operation: 'patch', cluster: 'mcp', path: `${DEPLOYMENT}/scale` }, { operation: 'get', cluster: 1, path: 2 }]) {
      expect(await answer(request)).toMatchObject({ refused: expect.any(String) });
    }
  });

  test('a function that failed is no answer', async () => {
    await expect(createRemoteKubernetesApi(async () => ({ errorMessage: 'timed out' })).get('mcp', DEPLOYMENT)).rejects.toThrow('the function that reaches the cluster failed');
  });
});
