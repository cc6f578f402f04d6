import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { toRequest } from '../deployment/aws-api-gateway';
import { startGrantSite } from '../deployment/aws-grants';
import { readGrantSiteSettings } from '../deployment/grant-settings';

const gateway = startGrantSite(readGrantSiteSettings(process.env));
// Reported by the first request; without this an early failure would end the process before it.
gateway.catch(() => {});

/** Serves `/grants` and `/approvals`. */
export async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  const response = await (await gateway).fetch(toRequest(event), { address: event.requestContext.identity.sourceIp });
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}
