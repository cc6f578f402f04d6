import { Sha256 } from '@aws-crypto/sha256-js';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SignatureV4 } from '@smithy/signature-v4';
import { openRecords, openVerifyingRegistry, type AwsRegistry } from '../../lambda/deployment/aws-registry';
import { createDetectorScan } from '../../lambda/discovery';
import { isJsonObject, type JsonValue } from '../../lambda/protocol';

/** A registry in AWS, as the outputs of its stack name it. Credentials are those of the environment. */
export interface AwsRegistryOptions {
  readonly table: string;
  /** @default - that of the environment */
  readonly region?: string;
  /** ARN or alias of the key that signs the log. @default - the log is not verified */
  readonly key?: string;
}

const SCAN = createDetectorScan(() => ({ servers: [] }));
/** What a registry without heads that are renewed would be believed; renewing is the deployment's, and `verify` shows the time. */
const ANY_AGE_MS = Number.POSITIVE_INFINITY;

export async function openAwsRegistry({ table, region, key }: AwsRegistryOptions): Promise<AwsRegistry> {
  const dynamodb = new DynamoDBClient({ region });
  const settings = { table, policy: {} };
  if (key === undefined) return openRecords(settings, SCAN, dynamodb);
  return openVerifyingRegistry({ ...settings, signingKey: key, maxHeadAgeMs: ANY_AGE_MS }, SCAN, { dynamodb, kms: new KMSClient({ region }) });
}

/** A decision that was not taken. The message is one sentence. */
export class DecisionRefused extends Error {
  override readonly name = 'DecisionRefused';
}

/**
 * Sends a decision to the URL that takes it, signed with the AWS credentials of whoever decides. Answers what came of it.
 * @throws DecisionRefused
 */
export async function sendDecision(url: string, request: object, region: string | undefined): Promise<string> {
  const { protocol, hostname, host, pathname } = new URL(url);
  const client = new DynamoDBClient({ region });
  const signer = new SignatureV4({ service: 'lambda', region: client.config.region, credentials: client.config.credentials, sha256: Sha256 });
  const body = JSON.stringify(request);
  const { headers } = await signer.sign({ method: 'POST', protocol, hostname, path: pathname, query: {}, headers: { host, 'content-type': 'application/json' }, body });
  const response = await fetch(url, { method: 'POST', headers, body });
  const answer = await readMessage(response);
  if (!response.ok) throw new DecisionRefused(response.status === 403 ? `The registry refuses these credentials (HTTP 403): ${answer}` : answer);
  return answer;
}

/** The registry's own answer, or what AWS says in its place. */
async function readMessage(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const value = JSON.parse(text) as JsonValue;
    const message = isJsonObject(value) ? (value.message ?? value.Message) : undefined;
    if (typeof message === 'string') return message;
  } catch {
    // Said below.
  }
  return `HTTP ${response.status}`;
}
