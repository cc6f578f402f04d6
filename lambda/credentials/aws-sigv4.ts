import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { CredentialUnavailable, type UpstreamCredentials } from './upstream-credentials';

/** Keys of AWS, as its SDK hands them out. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigV4Options {
  /** Name of the service as signatures have it: `execute-api`, `lambda`, `bedrock-agentcore`. */
  readonly service: string;
  /** A region, or how to find it. */
  readonly region: string | (() => Promise<string>);
  /** The gateway's own role; asked for each request, it renews by itself. */
  readonly keys: () => Promise<AwsKeys>;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** Signs each request, body and all, with the gateway's own role (AWS Signature Version 4). */
export function createSigV4({ service, region, keys, clock = Date.now }: SigV4Options): UpstreamCredentials {
  const signer = new SignatureV4({ service, region, credentials: keys, sha256: Sha256, applyChecksum: true });
  return {
    owner: 'gateway',
    async headersFor({ method, url, body }) {
      const request = {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(url),
        headers: { host: url.host },
        body: method === 'POST' ? body() : undefined,
      };
      try {
        const { headers } = await signer.sign(request, { signingDate: new Date(clock()) });
        const { host: _host, ...signed } = headers;
        return signed;
      } catch (cause) {
        throw new CredentialUnavailable('the request cannot be signed: no keys of AWS can be had', { cause });
      }
    },
    refused() {},
  };
}

function queryOf(url: URL): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(url.searchParams.keys())) query[name] = url.searchParams.getAll(name);
  return query;
}
