import type { DecisionPoint } from '../authorization';
import { createCedarDecisionPoint } from '../authorization/cedar-decision-point';
import { withNetworkZones } from '../authorization/network-zones';
import { parsePolicySet } from '../authorization/policy-set';
import { withStepUp } from '../authorization/step-up';
import type { LocalConfig } from './config';
import type { Policies } from './policies';
import { withToolFilters } from './tool-filter';

/** Decides by `policies`, and by what the configuration says of tools and networks. */
export function createLocalDecisionPoint({ toolFilters, networkZones }: Pick<LocalConfig, 'toolFilters' | 'networkZones'>, { policies }: Policies): DecisionPoint {
  const set = parsePolicySet(policies);
  const point = withToolFilters(withStepUp(createCedarDecisionPoint({ policies: { current: () => set } }), set), toolFilters);
  return networkZones === undefined ? point : withNetworkZones(point, networkZones);
}
