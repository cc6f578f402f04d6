import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IPolicyValidationContext, IPolicyValidationPlugin, PolicyValidationPluginReport, PolicyViolation } from 'aws-cdk-lib';
import { packageRoot } from '../private/bundle';
import type { SecurityRule } from './rule';
import { SECURITY_RULES } from './rules';
import { Template } from './template';

/**
 * Checks synthesized templates for what goes wrong in front of MCP servers, also in stacks that use nothing else of this library (TBL-2).
 * Findings fail the synthesis; one that is meant is acknowledged where it is, with its reason.
 *
 * @example
 * Validations.of(app).addPlugins(new McpSecurityChecks());
 * Validations.of(legacyApi).acknowledge({ id: 'McpSecurityChecks::StageTraced', reason: 'traced by the mesh in front of it' });
 */
export class McpSecurityChecks implements IPolicyValidationPlugin {
  readonly name = 'McpSecurityChecks';
  readonly version = packageVersion();
  readonly ruleIds = SECURITY_RULES.map((rule) => rule.id);

  validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const violations = context.stackTemplates.flatMap(({ templatePath }) => {
      const template = new Template(JSON.parse(readFileSync(templatePath, 'utf8')));
      return SECURITY_RULES.flatMap((rule) => violationOf(rule, template, templatePath));
    });
    return { success: violations.length === 0, violations, pluginVersion: this.version };
  }
}

function violationOf(rule: SecurityRule, template: Template, templatePath: string): PolicyViolation[] {
  const violating = template.ofType(...rule.resourceTypes).filter((resource) => rule.check(resource, template) === 'non-compliant');
  if (violating.length === 0) return [];
  return [{
    ruleName: rule.id,
    description: `${rule.finding} [${rule.controls.join(', ')}]`,
    fix: rule.fix,
    severity: 'error',
    violatingResources: violating.map(({ logicalId }) => ({ resourceLogicalId: logicalId, templatePath, locations: [rule.property] })),
  }];
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
