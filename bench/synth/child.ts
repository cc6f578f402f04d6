/** One synthesis in a process of its own: `child.ts <empty|reference> <modules file> <output folder>`. Prints what it cost. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { App, CfnWaitConditionHandle, Stack } from 'aws-cdk-lib';
import { addModel } from '../../bin/models';
import type { Cost } from './cost';

const [contender, modulesFile, outdir] = process.argv.slice(2) as [string, string, string];
const { context } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };

const app = new App({ context, outdir });
if (contender === 'reference') {
  addModel(app);
} else {
  loadModulesOfReference();
  // The validation of the CDK refuses a template without any resource.
  new CfnWaitConditionHandle(new Stack(app, 'Empty'), 'Nothing');
}
app.synth();
if (contender === 'reference' && !existsSync(modulesFile)) writeFileSync(modulesFile, JSON.stringify(loadedModules()));

const { user, system } = process.cpuUsage();
const cost: Omit<Cost, 'wallMs'> = {
  cpuMs: (user + system) / 1000,
  peakMemoryMiB: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(cost));

/** The CDK loads its modules when they are first touched; an app that uses the same ones loads the same ones. */
function loadModulesOfReference(): void {
  const load = createRequire(__filename);
  for (const file of JSON.parse(readFileSync(modulesFile, 'utf8')) as string[]) load(file);
}

function loadedModules(): string[] {
  return Object.keys(require.cache).filter((file) => /[\\/]node_modules[\\/](?:aws-cdk-lib|constructs)[\\/]/.test(file));
}
