import type { Artifact } from '../lambda/detection/model';
import type { Combination } from '../lambda/detection/verdict';
import type { Fitted } from './logistic-regression';

/** Rounds a fitted model to what the package carries. */
export function toArtifact({ weights, bias }: Fitted, clusters: Artifact['clusters'], { slope, offset }: { slope: number; offset: number }): Artifact {
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const scale = largest / 127;
  const bytes = Int8Array.from(weights, (weight) => Math.round(weight / scale));
  return { clusters, weights: Buffer.from(bytes.buffer).toString('base64'), scale, bias, slope, offset };
}

/** The module that the bundler puts into every program that detects. */
export function asModule(artifact: Artifact): string {
  const { clusters, weights, ...numbers } = artifact;
  return [
    "import type { Artifact } from './model';",
    '',
    '/** Written by `npm run train`; see docs/detection.md. */',
    'export const ARTIFACT: Artifact = {',
    ...Object.entries(numbers).map(([name, value]) => `  ${name}: ${value},`),
    `  clusters: JSON.parse(\n    ${JSON.stringify(JSON.stringify(clusters))},\n  ),`,
    `  weights:\n    '${weights}',`,
    '};',
    '',
  ].join('\n');
}

/** The module that says what each kind of evidence is worth. */
export function combinationModule({ rules, severities, ...numbers }: Combination): string {
  const members = (values: Readonly<Record<string, number>>) => Object.entries(values).map(([name, value]) => `    ${/^\w+$/.test(name) ? name : `'${name}'`}: ${value},`);
  return [
    "import type { Combination } from './verdict';",
    '',
    '/** Written by `npm run train`; see docs/detection.md. */',
    'export const COMBINATION: Combination = {',
    ...Object.entries(numbers).map(([name, value]) => `  ${name}: ${value},`),
    '  severities: {',
    ...members(severities),
    '  },',
    '  rules: {',
    ...members(rules),
    '  },',
    '};',
    '',
  ].join('\n');
}
