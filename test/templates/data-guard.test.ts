import { Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { ApiGatewayCentric, AuditTrail, DataAction, DataClass, DataGuard, DlpService, StoredDataDiscovery } from '../../lib';
import { expectNoFinding, validatedApp, validateTemplates } from './validated-app';

validateTemplates();

test('a gateway whose server has a data guard with a DLP service and a bus is clean under all rules, without a warning', () => {
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const dataGuard = new DataGuard(stack, 'CrmGuard', {
      dataActions: { [DataClass.PAYMENT]: DataAction.BLOCK },
      dlp: DlpService.bedrockGuardrail({ guardrailId: 'abcdefghijkl', guardrailVersion: '1' }),
      eventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'security'),
    });
    new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }] }).addServer('crm', { url: 'https://crm.example.com/mcp', dataGuard });
  });
  expectNoFinding(app, app.node.findChild('Stack') as Stack);
});

test('the discovery of sensitive data in the archive of an audit trail is clean under all rules, without a warning', () => {
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const { bucket } = new AuditTrail(stack, 'Audit');
    new StoredDataDiscovery(stack, 'StoredData', { buckets: [bucket], eventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'incidents') });
  });
  expectNoFinding(app, app.node.findChild('Stack') as Stack);
});
