import type { AuthorizationRequest, Decision, DecisionPoint } from '../authorization';
import type { ToolFilter } from './config';

/**
 * Decides as `decisionPoint` does, and hides the tools that the configuration leaves out: a file that a client would hold
 * to never grants more here.
 */
export function withToolFilters(decisionPoint: DecisionPoint, filters: ReadonlyMap<string, ToolFilter>): DecisionPoint {
  if (filters.size === 0) return decisionPoint;
  const isHidden = ({ server, operation }: AuthorizationRequest) => {
    const filter = filters.get(server);
    if (!filter || operation.kind !== 'callTool') return false;
    return filter.except.has(operation.tool.name) || filter.only?.has(operation.tool.name) === false;
  };
  return {
    decide: (request) => (isHidden(request) ? hidden(request.server) : decisionPoint.decide(request)),
    visible: async (requests) => {
      const visible = await decisionPoint.visible(requests);
      return requests.map((request, index) => visible[index] === true && !isHidden(request));
    },
  };
}

function hidden(server: string): Decision {
  return { effect: 'deny', policyIds: [`config:${server}`], reason: 'forbidden' };
}
