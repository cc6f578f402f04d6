import { ApplyGuardrailCommand, type ApplyGuardrailCommandOutput, type BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import type { SecondOpinion } from './second-opinion';

export interface GuardrailSettings {
  /** Id or ARN of a guardrail with a prompt-attack filter. */
  readonly guardrailId: string;
  readonly version: string;
}

/** Characters of one request: the service reads so much at once. */
const REQUEST_CHARACTERS = 20_000;
/** Requests for one definition; of a longer one there is no opinion. */
const MAX_REQUESTS = 8;

/**
 * Asks the prompt-attack filter of an Amazon Bedrock guardrail (`bedrock:ApplyGuardrail`). Rejects where it cannot be asked, has
 * no such filter switched on, or the definition is too long to be read as a whole.
 */
export function createGuardrailOpinion(client: BedrockRuntimeClient, { guardrailId, version }: GuardrailSettings): SecondOpinion {
  return async (texts) => {
    const parts = partsOf(texts.join('\n'));
    if (parts.length > MAX_REQUESTS) throw new RangeError('the definition is too long for a second opinion');
    for (const text of parts) {
      const answer = await client.send(new ApplyGuardrailCommand({ guardrailIdentifier: guardrailId, guardrailVersion: version, source: 'INPUT', outputScope: 'FULL', content: [{ text: { text } }] }));
      if (isAttack(answer)) return 'attack';
    }
    return 'nothing';
  };
}

/** With the scope `FULL` the answer names also filters that found nothing. @throws Error where that for prompt attacks is off */
function isAttack({ assessments = [] }: ApplyGuardrailCommandOutput): boolean {
  const filters = assessments.flatMap(({ contentPolicy }) => contentPolicy?.filters ?? []).filter(({ type }) => type === 'PROMPT_ATTACK');
  if (filters.length === 0) throw new Error('the guardrail has no filter for prompt attacks');
  return filters.some(({ action, detected }) => action === 'BLOCKED' || detected === true);
}

/** Parts overlap, so that no sentence is cut in two for all of them. */
function partsOf(text: string): string[] {
  const step = REQUEST_CHARACTERS - 1_000;
  const parts: string[] = [];
  for (let start = 0; start === 0 || start + 1_000 < text.length; start += step) parts.push(text.slice(start, start + REQUEST_CHARACTERS));
  return parts;
}
