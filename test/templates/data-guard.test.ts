import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { ApiGatewayCentric, DataAction, DataClass, DataGuard, DlpService, McpSecurityChecks } from '../../lib';

beforeAll(() => {
  process.env.CDK_VALIDATION = 'true';
});
jest.setTimeout(180_000);

const { context } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };

test('a gateway whose server has a data guard with a DLP service and a bus is clean under all rules, without a warning', () => {
  const app = new App({ context, outdir: mkdtempSync(join(tmpdir(), 'template-')), analyticsReporting: false });
  const stack = new Stack(app, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
  const dataGuard = new DataGuard(stack, 'CrmGuard', {
    dataActions: { [DataClass.PAYMENT]: DataAction.BLOCK },
    dlp: DlpService.bedrockGuardrail({ guardrailId: 'abcdefghijkl', guardrailVersion: '1' }),
    eventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'security'),
  });
  new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }] }).addServer('crm', { url: 'https://crm.example.com/mcp', dataGuard });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app), new McpSecurityChecks());
  expect(() => app.synth()).not.toThrow();
  Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  Annotations.fromStack(stack).hasNoError('*', Match.anyValue());
});
