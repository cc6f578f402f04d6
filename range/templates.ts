import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { addModel } from '../bin/models';
import { loadTemplates, resolveTemplates, type ResolvedTemplates } from '../network/template';

/** Synthesizes the zone of the reference stacks, with an egress domain or without one, and reads it as anybody's templates. */
export function zoneTemplates(egress: string | undefined): ResolvedTemplates {
  process.env.CDK_VALIDATION ??= 'false';
  const outdir = mkdtempSync(join(tmpdir(), 'range-zone-'));
  const { context } = JSON.parse(readFileSync(join(__dirname, '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  try {
    const app = new App({ outdir, context: { ...context, 'aws:cdk:enable-path-metadata': true, model: 'zone', egress: egress ?? 'none' } });
    addModel(app);
    app.synth();
    return resolveTemplates(loadTemplates(outdir));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** A public subnet with the default security group, which is what most begin with. */
export function flatTemplates(): ResolvedTemplates {
  return resolveTemplates(loadTemplates(join(__dirname, 'templates', 'flat.yaml')));
}
