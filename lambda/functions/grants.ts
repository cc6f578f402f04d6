import type { ALBResult, APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { toRequest } from '../deployment/aws-api-gateway';
import { startGrantSite } from '../deployment/aws-grants';
import { connectedTo, isBalanced, toBalancedRequest, toBalancedResult, type BalancedEvent } from '../deployment/aws-load-balancer';
import { readGrantSiteSettings } from '../deployment/grant-settings';

const gateway = startGrantSite(readGrantSiteSettings(process.env));
// Reported by the first request; without this an early failure would end the process before it.
gateway.catch(() => {});

/** Serves `/grants` and `/approvals`, behind API Gateway or a load balancer. */
export async function handler(event: APIGatewayProxyEvent | BalancedEvent): Promise<APIGatewayProxyResult | ALBResult> {
  const site = await gateway;
  if (isBalanced(event)) return toBalancedResult(await site.fetch(toBalancedRequest(event), { address: connectedTo(event) }));
  const response = await site.fetch(toRequest(event), { address: event.requestContext.identity.sourceIp });
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}
