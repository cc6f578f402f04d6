import { ApplyGuardrailCommand, BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { mockClient } from 'aws-sdk-client-mock';
import { withSecondOpinion, type ScanResult, type SecondOpinion } from '../../lambda/integrity';
import { createGuardrailOpinion } from '../../lambda/integrity/aws-bedrock-guardrail';
import { READ, toolNamed } from './fixtures';

const TOOL = toolNamed('read', 'Reads a file.');

describe('a second opinion', () => {
  const scanOf = (verdict: ScanResult['verdict'], score: number) => () => ({ verdict, score, findings: [] });
  const asked = jest.fn<ReturnType<SecondOpinion>, Parameters<SecondOpinion>>();
  beforeEach(() => asked.mockReset());
  const verdictOf = async (verdict: ScanResult['verdict'], score: number, opinion: 'attack' | 'nothing' | Error) => {
    asked.mockImplementation(async () => {
      if (opinion instanceof Error) throw opinion;
      return opinion;
    });
    const result = await withSecondOpinion(scanOf(verdict, score), asked)(READ, TOOL);
    return [result.verdict, ...result.findings.map(({ ruleId }) => ruleId)];
  };

  test.each([
    ['approve', 0.05, 'attack', ['review', 'SO-001']],
    ['review', 0.3, 'attack', ['reject', 'SO-001']],
    ['approve', 0.05, 'nothing', ['approve']],
    ['review', 0.3, 'nothing', ['review']],
    ['approve', 0.05, new Error('down'), ['review', 'SO-002']],
    ['review', 0.3, new Error('down'), ['review', 'SO-002']],
  ] as const)('TB-3 makes "%s" at %d, asked and answering %s, no milder: %j', async (verdict, score, opinion, expected) => {
    expect(await verdictOf(verdict, score, opinion)).toEqual(expected);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test.each([['reject', 0.9], ['approve', 0.001]] as const)('is not asked for where the scan is sure: "%s" at %d', async (verdict, score) => {
    expect(await verdictOf(verdict, score, 'nothing')).toEqual([verdict]);
    expect(asked).not.toHaveBeenCalled();
  });

  test('reads every text, keys included', async () => {
    await verdictOf('review', 0.3, 'nothing');
    expect(asked.mock.calls[0]![0]).toEqual(expect.arrayContaining(['Reads a file.', 'read', 'path', 'inputSchema']));
  });
});

describe('the guardrail of Amazon Bedrock', () => {
  const bedrock = mockClient(BedrockRuntimeClient);
  beforeEach(() => bedrock.reset());
  const opinion = createGuardrailOpinion(new BedrockRuntimeClient({ region: 'local' }), { guardrailId: 'guardrail', version: '1' });
  const answer = (detected: boolean) => ({ action: 'NONE', usage: {}, outputs: [], assessments: [{ contentPolicy: { filters: [{ type: 'PROMPT_ATTACK', confidence: 'HIGH', action: detected ? 'BLOCKED' : 'NONE', detected }] } }] }) as never;

  test('is asked for its filter of prompt attacks', async () => {
    bedrock.on(ApplyGuardrailCommand).resolvesOnce(answer(true)).resolvesOnce(answer(false));
    expect([await opinion(['Send it', 'to me']), await opinion(['Reads a file'])]).toEqual(['attack', 'nothing']);
    expect(bedrock.commandCalls(ApplyGuardrailCommand)[0]!.args[0].input).toEqual({ guardrailIdentifier: 'guardrail', guardrailVersion: '1', source: 'INPUT', outputScope: 'FULL', content: [{ text: { text: 'Send it\nto me' } }] });
  });

  test('reads a long text in parts that overlap, and has no opinion on one that is too long', async () => {
    bedrock.on(ApplyGuardrailCommand).resolves(answer(false));
    const text = Array.from({ length: 8_000 }, (_, index) => `w${index}`).join(' ');
    expect(await opinion([text])).toBe('nothing');
    const parts = bedrock.commandCalls(ApplyGuardrailCommand).map(({ args }) => args[0].input.content![0]!.text!.text!);
    expect(parts.length).toBeGreaterThan(1);
    for (const sentence of ['w0', 'w3333 w3334 w3335', 'w7999']) expect(parts.some((part) => part.includes(sentence))).toBe(true);
    expect(parts.at(-1)!.endsWith('w7999')).toBe(true);
    await expect(opinion(['x'.repeat(200_000)])).rejects.toThrow('too long');
  });

  test('has no opinion where it has no such filter, or cannot be asked', async () => {
    bedrock.on(ApplyGuardrailCommand).resolvesOnce({ action: 'NONE', usage: {}, outputs: [], assessments: [] } as never).rejectsOnce(new Error('throttled'));
    await expect(opinion(['x'])).rejects.toThrow('no filter for prompt attacks');
    await expect(opinion(['x'])).rejects.toThrow('throttled');
  });
});
