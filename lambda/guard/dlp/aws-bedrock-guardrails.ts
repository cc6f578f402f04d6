import { ApplyGuardrailCommand, BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { withDlpLimits, type DlpLimits, type DlpService } from './service';
import { replaceTexts, textsOf } from './texts';

export interface BedrockGuardrailOptions extends DlpLimits {
  readonly guardrailId: string;
  /** @default 'DRAFT' */
  readonly guardrailVersion?: string;
  /** @default - a client of the function's own role and region */
  readonly client?: BedrockRuntimeClient;
}

/** Texts in one request to the service. */
const MAX_TEXTS = 64;

/**
 * Amazon Bedrock Guardrails as DLP service: every text of a result is assessed as output. Masked texts take the place of the
 * originals; an intervention that answers other than text by text blocks the result.
 */
export function createBedrockGuardrailDlp({ guardrailId, guardrailVersion = 'DRAFT', client = new BedrockRuntimeClient({}), ...limits }: BedrockGuardrailOptions): DlpService {
  return withDlpLimits(async (result, _exchange, signal) => {
    const texts = [...new Set(textsOf(result))].filter((text) => text.trim().length >= 4);
    if (texts.length > MAX_TEXTS) throw new Error('the result holds more texts than the guardrail is asked about');
    if (texts.length === 0) return { action: 'allow', ids: [] };
    const { action, outputs = [], assessments = [] } = await client.send(
      new ApplyGuardrailCommand({ guardrailIdentifier: guardrailId, guardrailVersion, source: 'OUTPUT', content: texts.map((text) => ({ text: { text } })) }),
      { abortSignal: signal },
    );
    if (action === 'NONE') return { action: 'allow', ids: [] };
    const ids = [...new Set(assessments.flatMap(({ sensitiveInformationPolicy, contentPolicy, topicPolicy, wordPolicy }) => [
      ...(sensitiveInformationPolicy?.piiEntities ?? []).map(({ type }) => `guardrail-${type}`),
      ...(sensitiveInformationPolicy?.regexes ?? []).map(({ name }) => `guardrail-${name}`),
      ...(contentPolicy?.filters ?? []).map(({ type }) => `guardrail-${type}`),
      ...(topicPolicy?.topics ?? []).map(({ name }) => `guardrail-${name}`),
      ...((wordPolicy?.customWords?.length ?? 0) > 0 ? ['guardrail-word'] : []),
    ]))].slice(0, 32);
    const isBlocked = assessments.some(({ sensitiveInformationPolicy, contentPolicy, topicPolicy, wordPolicy }) =>
      [...(sensitiveInformationPolicy?.piiEntities ?? []), ...(sensitiveInformationPolicy?.regexes ?? []), ...(contentPolicy?.filters ?? []), ...(topicPolicy?.topics ?? []), ...(wordPolicy?.customWords ?? [])].some((found) => found.action === 'BLOCKED'),
    );
    if (isBlocked || outputs.length !== texts.length) return { action: 'block', ids };
    return { action: 'replace', ids, value: replaceTexts(result, new Map(texts.map((text, index) => [text, outputs[index]!.text ?? ''] as const))) };
  }, limits);
}
