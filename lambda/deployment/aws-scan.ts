import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import type { Registry } from '../detection';
import { createDetectorScan } from '../discovery/scan';
import { withSecondOpinion, type Scan } from '../integrity';
import { createGuardrailOpinion } from '../integrity/aws-bedrock-guardrail';
import type { RegistrySettings } from './registry-settings';

/** A scan that is told from time to time what is offered beside a definition. */
export interface ComparingScan {
  readonly scan: Scan;
  compareWith(offered: Registry): void;
}

/** The detector with the relations between servers, and with a second opinion where the settings name one. */
export function createComparingScan({ guardrail }: Pick<RegistrySettings, 'guardrail'>, bedrock = new BedrockRuntimeClient({})): ComparingScan {
  let registry: Registry = { servers: [] };
  const detector = createDetectorScan(() => registry);
  return {
    scan: guardrail === undefined ? detector : withSecondOpinion(detector, createGuardrailOpinion(bedrock, guardrail), guardrail),
    compareWith(offered) {
      registry = offered;
    },
  };
}
