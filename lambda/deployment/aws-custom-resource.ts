import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { escapeUnprintable } from '../audit/unprintable';
import type { Validation } from '../onboarding/validate';

/** What a custom resource says of a server that is to be validated. */
export interface ValidationWanted {
  readonly server: string;
  readonly url: string;
  readonly headersSecretArn?: string;
  readonly unsafeAllowPlainHttp?: boolean;
  readonly failOn: 'reject' | 'review';
}

/** CloudFormation takes 4,096 bytes of answer in all. */
const MAX_REASON_BYTES = 2_000;

/**
 * Answers CloudFormation for a custom resource that stands for a validated server: creation and change fail, and with them the
 * deployment, where the server offers what is refused. Deleting it asks nobody.
 *
 * @param send - Puts the answer to where CloudFormation waits for it.
 */
export function createValidationResource(
  validate: (wanted: ValidationWanted) => Promise<Validation>,
  send: (url: string, body: string) => Promise<void> = putAnswer,
): (event: CloudFormationCustomResourceEvent) => Promise<void> {
  return async (event) => {
    const { StackId, RequestId, LogicalResourceId, ResponseURL } = event;
    const validation = await outcomeOf(event, validate);
    const body = {
      Status: validation.ok ? 'SUCCESS' : 'FAILED',
      Reason: validation.ok ? undefined : shortened(escapeUnprintable(validation.reason)),
      // The same for ever: a change of the server's address replaces nothing.
      PhysicalResourceId: `${LogicalResourceId}-validation`,
      StackId,
      RequestId,
      LogicalResourceId,
      Data: validation.ok ? { Tools: validation.tools } : undefined,
    };
    await send(ResponseURL, JSON.stringify(body));
  };
}

async function outcomeOf(event: CloudFormationCustomResourceEvent, validate: (wanted: ValidationWanted) => Promise<Validation>): Promise<Validation> {
  if (event.RequestType === 'Delete') return { ok: true, tools: 0 };
  try {
    return await validate(readWanted(event.ResourceProperties));
  } catch (error) {
    return { ok: false, reason: `The MCP server cannot be validated: ${(error as Error).message}` };
  }
}

/** CloudFormation makes every value a text. */
function readWanted({ ServerName, Url, HeadersSecretArn, UnsafeAllowPlainHttp, FailOn }: Readonly<Record<string, unknown>>): ValidationWanted {
  if (typeof ServerName !== 'string' || typeof Url !== 'string') throw new Error('the resource names no server');
  if (FailOn !== 'reject' && FailOn !== 'review') throw new Error('FailOn must be reject or review');
  return {
    server: ServerName,
    url: Url,
    failOn: FailOn,
    ...(typeof HeadersSecretArn === 'string' ? { headersSecretArn: HeadersSecretArn } : {}),
    ...(UnsafeAllowPlainHttp === 'true' ? { unsafeAllowPlainHttp: true } : {}),
  };
}

function shortened(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= MAX_REASON_BYTES ? text : `${bytes.subarray(0, MAX_REASON_BYTES).toString('utf8').replace(/\ufffd$/, '')}...`;
}

async function putAnswer(url: string, body: string): Promise<void> {
  const { ok, status } = await fetch(url, { method: 'PUT', headers: { 'content-type': '' }, body });
  if (!ok) throw new Error(`CloudFormation did not take the answer (HTTP ${status})`);
}
