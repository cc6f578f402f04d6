import type { AuthorizationRequest, Decision, DecisionPoint } from '../authorization';
import { canonicalJson, type JsonValue } from '../protocol';

/**
 * Decides as `decisionPoint` does, and never more than the token itself allows: one that is for certain tools, by its
 * audience (IAM-3) or its authorization details (IAM-2), opens nothing else. Costs nothing for other tokens.
 */
export function withTokenLimits(decisionPoint: DecisionPoint): DecisionPoint {
  return {
    decide: (request) => (isCovered(request, false) ? decisionPoint.decide(request) : OUTSIDE),
    visible: (requests) => {
      if (requests.every((request) => isCovered(request, true))) return decisionPoint.visible(requests);
      return visibleWithin(decisionPoint, requests);
    },
  };
}

const OUTSIDE: Decision = { effect: 'deny', policyIds: ['token'], reason: 'forbidden' };

async function visibleWithin(decisionPoint: DecisionPoint, requests: readonly AuthorizationRequest[]): Promise<readonly boolean[]> {
  const visible = await decisionPoint.visible(requests);
  return requests.map((request, index) => visible[index] === true && isCovered(request, true));
}

/** @param anyArguments whether the arguments are not known yet */
function isCovered({ principal: { tools }, operation }: AuthorizationRequest, anyArguments: boolean): boolean {
  if (tools === undefined) return true;
  switch (operation.kind) {
    case 'connect':
    case 'listTools':
    case 'listPrompts':
    case 'listResources':
      return true;
    case 'callTool':
      return tools.some(({ tool, arguments: demanded = {} }) => {
        if (tool !== operation.tool.name) return false;
        return anyArguments || Object.entries(demanded).every(([name, value]) => isSame(value, operation.arguments[name]));
      });
    default:
      return false;
  }
}

function isSame(demanded: JsonValue | undefined, given: JsonValue | undefined): boolean {
  return demanded !== undefined && given !== undefined && canonicalJson(demanded) === canonicalJson(given);
}
