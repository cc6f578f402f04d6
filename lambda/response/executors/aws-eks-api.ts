import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { Agent, request as send } from 'undici';
import type { JsonObject } from '../../protocol';
import { ResponseRefused } from '../record';
import { KubernetesConflict, type KubernetesApi } from './kubernetes';

/** Where the API of a cluster is. */
export interface ClusterEndpoint {
  readonly endpoint: string;
  /** Of the authority that certifies it, base64 of PEM. */
  readonly certificateAuthority: string;
}

/** Who asks: a client of the SDK of AWS knows both. */
export interface AwsIdentity {
  readonly region: () => Promise<string>;
  readonly credentials: () => Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }>;
}

export interface EksApiOptions {
  /** By the name of the cluster. */
  readonly clusters: Readonly<Record<string, ClusterEndpoint>>;
  readonly identity: AwsIdentity;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

const FIELD_MANAGER = 'mcp-zero-trust-response';
const REQUEST_MS = 10_000;
const TOKEN_SECONDS = 60;

/**
 * The API of clusters of Amazon EKS, reached with the role that this process runs in: a bearer token is a signed request to STS that
 * names the cluster, and the access entry of the role says what it may do there.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
 */
export function createEksApi({ clusters, identity, clock = Date.now }: EksApiOptions): KubernetesApi {
  const agents = new Map<string, Agent>();

  function reach(name: string): { readonly endpoint: string; readonly agent: Agent } {
    const cluster = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
    if (cluster === undefined) throw new ResponseRefused(`the cluster ${name} is none of those that this function reaches`);
    let agent = agents.get(name);
    if (agent === undefined) agents.set(name, (agent = new Agent({ connect: { ca: Buffer.from(cluster.certificateAuthority, 'base64') }, headersTimeout: REQUEST_MS, bodyTimeout: REQUEST_MS })));
    return { endpoint: cluster.endpoint, agent };
  }

  async function call(name: string, method: 'GET' | 'PATCH' | 'DELETE', path: string, content?: { readonly type: string; readonly body: JsonObject }): Promise<JsonObject | undefined> {
    const { endpoint, agent } = reach(name);
    const headers = { authorization: `Bearer ${await clusterToken(identity, name, clock())}`, accept: 'application/json', ...(content === undefined ? {} : { 'content-type': content.type }) };
    const { statusCode, body } = await send(`${endpoint}${path}`, { method, dispatcher: agent, headers, body: content && JSON.stringify(content.body) });
    const answer = await body.text();
    if (statusCode === 404) return undefined;
    if (statusCode === 409) throw new KubernetesConflict();
    if (statusCode < 200 || statusCode > 299) throw new Error(`the API of the cluster ${name} answered ${method} of ${path.split('?')[0]} with ${statusCode}`);
    return JSON.parse(answer) as JsonObject;
  }

  async function existing(answer: Promise<JsonObject | undefined>): Promise<void> {
    if ((await answer) === undefined) throw new Error('what is to be changed is not there any more');
  }

  return {
    get: (cluster, path) => call(cluster, 'GET', path),
    apply: (cluster, path, object) => existing(call(cluster, 'PATCH', `${path}?fieldManager=${FIELD_MANAGER}&force=true`, { type: 'application/apply-patch+yaml', body: object })),
    patch: (cluster, path, body) => existing(call(cluster, 'PATCH', `${path}?fieldManager=${FIELD_MANAGER}`, { type: 'application/merge-patch+json', body })),
    delete: async (cluster, path) => void (await call(cluster, 'DELETE', path)),
  };
}

/** A bearer token for a cluster: a presigned `GetCallerIdentity` that names it, good for a minute. */
export async function clusterToken(identity: AwsIdentity, cluster: string, now: number): Promise<string> {
  const region = await identity.region();
  const signer = new SignatureV4({ service: 'sts', region, credentials: identity.credentials, sha256: Sha256 });
  const hostname = `sts.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
  const signed = await signer.presign(
    { method: 'GET', protocol: 'https:', hostname, path: '/', query: { Action: 'GetCallerIdentity', Version: '2011-06-15' }, headers: { host: hostname, 'x-k8s-aws-id': cluster } },
    { expiresIn: TOKEN_SECONDS, signingDate: new Date(now), unhoistableHeaders: new Set(['x-k8s-aws-id']) },
  );
  const query = Object.entries(signed.query ?? {}).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join('&');
  return `k8s-aws-v1.${Buffer.from(`https://${hostname}/?${query}`).toString('base64url')}`;
}
