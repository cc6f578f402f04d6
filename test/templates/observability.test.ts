import { Stack } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AuditTrail, McpGateway, Monitoring, PolicyStore, SecurityZone, ThreatDetection, ToolRegistry } from '../../lib';
import { expectNoFinding, validatedApp, validateTemplates } from './validated-app';

validateTemplates();

const ISSUER = { issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' };

test('LOG-3 LOG-4 HOST-0 an audit trail, monitoring and threat detection are clean under the rules of the CDK, AWS Solutions, NIST 800-53 R5 and our own, without a warning', () => {
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack');
    const registry = new ToolRegistry(stack, 'Tools');
    const gateway = new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [ISSUER], registry });
    const trail = new AuditTrail(stack, 'Audit', { securityLake: {} });
    new AuditTrail(stack, 'Other', { securityLake: { bucket: s3.Bucket.fromBucketName(stack, 'Lake', 'aws-security-data-lake-eu-west-1-example'), sourceName: 'mcp' } });
    trail.addGateway(gateway);
    trail.addRegistry(registry);
    const zone = new SecurityZone(stack, 'Zone');
    const monitoring = new Monitoring(stack, 'Monitoring', { gateway, registry, auditTrail: trail });
    monitoring.addZone(zone);
    monitoring.addCluster('mcp');
    new ThreatDetection(stack, 'Threats', { gateway, registry, auditTrail: trail, alarmTopic: monitoring.alarmTopic });
    zone.allowEgress(zone.addServer('crm', { port: 8443 }), { domains: ['api.example.com'] });
  });
  expectNoFinding(app, app.node.findChild('Stack') as Stack);
});
