import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { McpSecurityChecks } from '../../lib';

const { context: recommended } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };

/** All other tests leave the validation of the CDK out, which takes seconds in every file. */
export function validateTemplates(): void {
  beforeAll(() => {
    process.env.CDK_VALIDATION = 'true';
  });
  jest.setTimeout(180_000);
}

/** An app with all recommended feature flags, all rule packs and the validation of the CDK. */
export function validatedApp(add: (app: App) => void, context: Readonly<Record<string, unknown>> = {}): App {
  const app = new App({ context: { ...recommended, ...context }, outdir: mkdtempSync(join(tmpdir(), 'template-')), analyticsReporting: false });
  add(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app), new McpSecurityChecks());
  return app;
}
