import type { AuthorizationRequest, DecisionPoint } from './decision';

/**
 * Takes each decision where the policies on its server are (CV-1): a schema that is too large for one policy store is split by
 * server over several.
 *
 * @param byServer Decision points of servers that have one of their own.
 * @param otherwise Decides on all other servers.
 */
export function createRoutedDecisionPoint(byServer: ReadonlyMap<string, DecisionPoint>, otherwise: DecisionPoint): DecisionPoint {
  if (byServer.size === 0) return otherwise;
  const pointFor = ({ server }: AuthorizationRequest) => byServer.get(server) ?? otherwise;
  return {
    decide: (request) => pointFor(request).decide(request),
    async visible(requests) {
      const shown = new Array<boolean>(requests.length).fill(false);
      const places = new Map<DecisionPoint, number[]>();
      requests.forEach((request, index) => places.set(pointFor(request), [...(places.get(pointFor(request)) ?? []), index]));
      for (const [point, indices] of places) {
        const answers = await point.visible(indices.map((index) => requests[index]!));
        indices.forEach((index, position) => (shown[index] = answers[position] === true));
      }
      return shown;
    },
  };
}
