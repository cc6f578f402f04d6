import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { McpSecurityChecks } from '../../../lib';

/** A stack that knows nothing of this library: an MCP endpoint as a tutorial would write it. */
function tutorialApp(): { app: App; api: apigateway.RestApi } {
  const app = new App();
  const api = new apigateway.RestApi(new Stack(app, 'Tutorial'), 'Api', { endpointTypes: [apigateway.EndpointType.EDGE], cloudWatchRole: false });
  api.root.addResource('mcp').addMethod('POST', new apigateway.HttpIntegration('https://mcp.example.com'));
  Validations.of(app).addPlugins(new McpSecurityChecks());
  return { app, api };
}

interface Report {
  readonly pluginReports: readonly { readonly violations: readonly { readonly ruleName: string }[] }[];
}

/** The rules that failed the synthesis, and the whole report. */
function findings(app: App): { readonly rules: readonly string[]; readonly report: string } {
  expect(() => app.synth()).toThrow();
  const report = readFileSync(join(app.outdir, 'validation-report.json'), 'utf8');
  return { report, rules: (JSON.parse(report) as Report).pluginReports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName)) };
}

test('TBL-2 finds what is wrong in a stack that is not ours, and says where and what to do', () => {
  const { rules, report } = findings(tutorialApp().app);
  expect([...rules].sort()).toEqual(['EndpointNotEdge', 'MethodAuthorized', 'StageHasWebAcl', 'StageLogged', 'StageThrottled', 'StageTraced', 'TlsFloor']);
  expect(report).toContain('Tutorial/Api/Default/mcp/POST');
  expect(report).toContain('Give the method an authorizer');
});

test('keeps quiet about what is acknowledged where it is', () => {
  const { app, api } = tutorialApp();
  Validations.of(api).acknowledge({ id: 'McpSecurityChecks::StageTraced', reason: 'traced elsewhere' });
  const { rules } = findings(app);
  expect(rules).toContain('StageLogged');
  expect(rules).not.toContain('StageTraced');
});
