import { asRecord, referenced, type Template, type TemplateResource } from './template';

/** Methods of REST APIs that lead to an MCP endpoint: those whose path has a segment `mcp`. */
export function mcpMethods(template: Template): readonly TemplateResource[] {
  return template.ofType('AWS::ApiGateway::Method').filter((method) => isMcpPath(pathOf(template, method)));
}

/** Whether a REST API has a method that leads to an MCP endpoint. */
export function isMcpApi(template: Template, restApiId: string | undefined): boolean {
  return restApiId !== undefined && mcpMethods(template).some((method) => restApiOf(method) === restApiId);
}

/** The REST API that a method, stage, authorizer or base path mapping is part of. */
export function restApiOf(resource: TemplateResource): string | undefined {
  return referenced(resource.properties.RestApiId);
}

/** Whether a path leads to an MCP endpoint, rather than to its public metadata. */
export function isMcpPath(path: string): boolean {
  const segments = path.toLowerCase().split('/');
  return segments.includes('mcp') && !segments.includes('.well-known');
}

function pathOf(template: Template, method: TemplateResource): string {
  const parts: string[] = [];
  let resource = template.byId(referenced(method.properties.ResourceId));
  while (resource?.type === 'AWS::ApiGateway::Resource') {
    parts.unshift(String(resource.properties.PathPart));
    resource = template.byId(referenced(resource.properties.ParentId));
  }
  return parts.join('/');
}

/** Whether an integration streams its answer. */
export function isStreaming(method: TemplateResource): boolean {
  return asRecord(method.properties.Integration).ResponseTransferMode === 'STREAM';
}
