import { isStreaming } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';
import { asRecord, isLiteral, refersTo, type Template, type TemplateResource } from '../template';

const BUFFERED_LIMIT_MS = 29_000;

export const streamHasTime: SecurityRule = {
  id: 'StreamHasTime',
  controls: ['GW-1'],
  finding: 'A stream ends after the time that a plain answer may take: the integration or its function has no timeout of its own.',
  fix: 'Set Integration.TimeoutInMillis of the method and Timeout of the function, up to 15 minutes.',
  resourceTypes: ['AWS::ApiGateway::Method'],
  property: 'Properties.Integration',
  check(method, template) {
    if (!isStreaming(method)) return 'not-applicable';
    const { TimeoutInMillis, Uri } = asRecord(method.properties.Integration);
    return compliantIf(isLonger(TimeoutInMillis, 1) && functionsIn(template, Uri).every(({ properties }) => isLonger(properties.Timeout, 1000)));
  },
};

function isLonger(value: unknown, unitMs: number): boolean {
  return value !== undefined && (!isLiteral(value) || Number(value) * unitMs > BUFFERED_LIMIT_MS);
}

function functionsIn(template: Template, uri: unknown): readonly TemplateResource[] {
  return template.ofType('AWS::Lambda::Function').filter(({ logicalId }) => refersTo(uri, logicalId));
}
