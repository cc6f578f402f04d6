import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { addModel } from '../bin/models';
import { loadTemplates, resolveTemplates, type ResolvedTemplates, type Resource } from '../network/template';

/** Synthesizes the zone of the reference stacks, with an egress domain or without one, and reads it as anybody's templates. */
export function zoneTemplates(egress: string | undefined): ResolvedTemplates {
  process.env.CDK_VALIDATION ??= 'false';
  const outdir = mkdtempSync(join(tmpdir(), 'range-zone-'));
  const { context } = JSON.parse(readFileSync(join(__dirname, '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  const app = new App({ outdir, context: { ...context, 'aws:cdk:enable-path-metadata': true, model: 'zone', egress: egress ?? 'none' } });
  addModel(app);
  app.synth();
  return resolveTemplates(loadTemplates(outdir));
}

/**
 * The same templates with one setting more: the firewall lets connections go only to addresses that the resolver answered with.
 * Undefined where they have it already.
 */
export function withResolvedAddressesOnly({ resources, macros }: ResolvedTemplates): ResolvedTemplates | undefined {
  const policies = [...resources.values()].filter(({ type }) => type === 'AWS::NetworkFirewall::FirewallPolicy');
  const settingsOf = ({ properties }: Resource) => properties.FirewallPolicy as Record<string, unknown>;
  if (policies.every((policy) => 'Route53ResolvedIPValidation' in settingsOf(policy))) return undefined;
  const changed = policies.map((policy): [string, Resource] => [policy.id, { ...policy, properties: { ...policy.properties, FirewallPolicy: { ...settingsOf(policy), Route53ResolvedIPValidation: { Action: 'DROP' } } } }]);
  return { resources: new Map([...resources, ...changed]), macros };
}

/** A public subnet with the default security group, which is what most begin with. */
export function flatTemplates(): ResolvedTemplates {
  return resolveTemplates(loadTemplates(join(__dirname, 'templates', 'flat.yaml')));
}
