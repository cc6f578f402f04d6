import { isMcpApi } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';

export const tlsFloor: SecurityRule = {
  id: 'TlsFloor',
  controls: ['NET-4'],
  finding: 'Clients may connect with TLS 1.0, which is what API Gateway accepts unless it is told otherwise.',
  fix: 'Set SecurityPolicy to SecurityPolicy_TLS13_1_3_2025_09, or with mutual TLS to TLS_1_2.',
  resourceTypes: ['AWS::ApiGateway::RestApi', 'AWS::ApiGateway::DomainName'],
  property: 'Properties.SecurityPolicy',
  check({ type, logicalId, properties }, template) {
    if (type === 'AWS::ApiGateway::RestApi' && !isMcpApi(template, logicalId)) return 'not-applicable';
    return compliantIf((properties.SecurityPolicy ?? 'TLS_1_0') !== 'TLS_1_0');
  },
};
