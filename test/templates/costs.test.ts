import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { addModel } from '../../bin/models';
import { ApiGatewayCentric } from '../../lib';
import { propertiesOf } from '../lib/zone/zone-stack';
import { cents, costsAtRest, rowOf } from './costs';
import { keysOf, recommended } from './validated-app';

const ISSUER = { issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' };

test('the costs of the gateway in the documentation count what the reference stack has, and what is left without registry, grants and observability', () => {
  const counted = (stack: Stack) => ({ rules: propertiesOf(Template.fromStack(stack), 'AWS::WAFv2::WebACL')[0]!.Rules.length, keys: keysOf(stack), secrets: Object.keys(Template.fromStack(stack).findResources('AWS::SecretsManager::Secret')).length });
  const least = new Stack(new App({ context: recommended, analyticsReporting: false }), 'Stack');
  new ApiGatewayCentric(least, 'Mcp', { tokenIssuers: [ISSUER], unsafeUnobserved: true }).addServer('files', { url: 'https://files.example.com/mcp' });
  Validations.of(least).acknowledge({ id: 'Annotation::cdk-mcp-zero-trust:unobserved', reason: 'only what it costs is of interest' });
  const rows = costsAtRest('gateway.md');
  const said = (start: string, pattern: RegExp) => Number(pattern.exec(rowOf(rows, start).how)![1]);
  const dollars = ({ rules, keys, secrets }: ReturnType<typeof counted>) => cents(5 + rules + keys + 0.4 * secrets);

  const app = new App({ context: recommended, analyticsReporting: false });
  addModel(app);
  const whole = counted(app.node.findChild('McpGatewayModel') as Stack);
  expect(whole).toMatchObject({ rules: said('AWS WAF', /each of (\d+) rules/), keys: said('keys', /each of (\d+):/) });
  expect(dollars(whole)).toBe(cents(['AWS WAF', 'keys', 'secret'].reduce((sum, start) => sum + rowOf(rows, start).dollars, 0)));
  expect(counted(least)).toMatchObject({ keys: 1, rules: said('without registry', /key and (\d+) rules/) });
  expect(dollars(counted(least))).toBe(rowOf(rows, 'without registry').dollars);
});
