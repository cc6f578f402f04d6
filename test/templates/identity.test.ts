import { Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { McpGateway, PolicyStore, SenderConstraint, UpstreamCredentials } from '../../lib';
import { expectNoFinding, validatedApp, validateTemplates } from './validated-app';

validateTemplates();

test('a gateway whose tokens are bound, with credentials of its own towards a server, is clean under all rules, without a warning', () => {
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const gateway = new McpGateway(stack, 'Gateway', {
      policyStore: new PolicyStore(stack, 'Policies'),
      tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }],
      senderConstraint: SenderConstraint.REQUIRED,
    });
    const clientSecret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Client', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:client-AbCdEf');
    gateway.addServer('files', { url: 'https://files.example.com/mcp', credentials: UpstreamCredentials.tokenExchange({ issuer: 'https://login.example.com', clientId: 'gateway', clientSecret }) });
    gateway.addServer('lake', { url: 'https://lake.example.com/mcp', credentials: UpstreamCredentials.sigV4({ service: 'execute-api' }) });
  });
  expectNoFinding(app, app.node.findChild('Stack') as Stack);
});
