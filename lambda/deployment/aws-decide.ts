import type { APIGatewayProxyEventV2WithRequestContext, APIGatewayProxyResultV2 } from 'aws-lambda';
import type { DecisionAnswer } from '../onboarding';
import type { JsonValue } from '../protocol';

/** What AWS says of the caller of a function URL that asks for IAM. */
interface IamContext {
  readonly http?: { readonly method: string };
  readonly authorizer?: { readonly iam?: { readonly userArn?: string } };
}

export type DecideEvent = Pick<APIGatewayProxyEventV2WithRequestContext<IamContext>, 'body' | 'isBase64Encoded' | 'requestContext'>;

const MAX_BODY = 10_000;

/**
 * Takes decisions over a function URL that asks for IAM. Who decides is who signed the request, by AWS's word: the ARN of the
 * user, or of the role with the session's name.
 */
export function createDecideEndpoint(decide: (by: string, body: JsonValue) => Promise<DecisionAnswer>): (event: DecideEvent) => Promise<APIGatewayProxyResultV2> {
  return async ({ body, isBase64Encoded, requestContext }) => {
    const by = requestContext.authorizer?.iam?.userArn;
    if (by === undefined || by === '') return answer(403, 'who decides is not known');
    if (requestContext.http?.method !== 'POST') return answer(405, 'expected a POST');
    const text = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8').toString('utf8');
    if (text.length > MAX_BODY) return answer(413, `expected at most ${MAX_BODY} characters`);
    let request: JsonValue;
    try {
      request = JSON.parse(text) as JsonValue;
    } catch {
      return answer(400, 'expected a JSON object with an action');
    }
    const { status, message } = await decide(by, request);
    return answer(status, message);
  };
}

function answer(statusCode: number, message: string): APIGatewayProxyResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) };
}
