import { S3Client } from '@aws-sdk/client-s3';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { withDlpLimits, type DlpLimits, type DlpService, type DlpVerdict } from '../guard';
import { isJsonObject } from '../protocol';

export interface LambdaDlpOptions extends DlpLimits {
  readonly functionArn: string;
  /** @default fetch */
  readonly fetch?: typeof fetch;
}

/**
 * A recogniser of one's own as an AWS Lambda function. It gets `{"server", "target", "result"}` and answers as an HTTP hook does:
 * `{"action": "allow" | "block" | "replace", "findings": ["id"...], "result": {...}}`.
 */
export function createLambdaDlp({ functionArn, fetch: send = fetch, ...limits }: LambdaDlpOptions): DlpService {
  const region = functionArn.split(':')[3] ?? '';
  // Any client of the SDK knows the keys of its surroundings.
  const { config } = new S3Client({ region });
  const signer = new SignatureV4({ service: 'lambda', region, credentials: config.credentials, sha256: Sha256 });
  const hostname = `lambda.${region}.amazonaws.com`;
  const path = `/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`;
  return withDlpLimits(async (result, { server, target }, signal): Promise<DlpVerdict> => {
    const body = JSON.stringify({ server, target, result });
    const { headers } = await signer.sign({ method: 'POST', protocol: 'https:', hostname, path, headers: { host: hostname, 'content-type': 'application/json' }, query: {}, body });
    const response = await send(`https://${hostname}${path}`, { method: 'POST', headers, body, signal, redirect: 'error' });
    if (!response.ok || response.headers.has('x-amz-function-error')) throw new Error('the DLP function failed');
    const answer: unknown = await response.json();
    if (!isJsonObject(answer)) throw new Error('the DLP function answered no object');
    const ids = (Array.isArray(answer.findings) ? answer.findings : []).filter((id) => typeof id === 'string').map((id) => id.slice(0, 64)).slice(0, 32);
    if (answer.action === 'allow' || answer.action === 'block') return { action: answer.action, ids };
    if (answer.action === 'replace' && isJsonObject(answer.result)) return { action: 'replace', ids, value: answer.result };
    throw new Error('the DLP function answered no action');
  }, limits);
}
