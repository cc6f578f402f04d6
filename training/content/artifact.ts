import type { Clusters } from '../../lambda/detection/content/features';
import { ContentModel, type ContentArtifact } from '../../lambda/detection/content/model';
import type { Fitted } from '../logistic-regression';

/** Rounds a fitted model to what the package carries. */
export function toArtifact({ weights, bias }: Fitted, clusters: string, calibration: { readonly slope: number; readonly offset: number }): ContentArtifact {
  const scale = scaleOf(weights);
  return { clusters, weights: Buffer.from(rounded(weights, scale).buffer).toString('base64'), scale, bias, ...calibration };
}

/** The same as a model at once. */
export function toModel({ weights, bias }: Fitted, clusters: Clusters): ContentModel {
  const scale = scaleOf(weights);
  return new ContentModel(clusters, rounded(weights, scale), scale, bias);
}

function scaleOf(weights: Float32Array): number {
  return weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 127;
}

function rounded(weights: Float32Array, scale: number): Int8Array<ArrayBuffer> {
  return Int8Array.from(weights, (weight) => Math.round(weight / scale));
}

/** The module that the bundler puts into every program that guards. */
export function asModule({ weights, clusters, ...numbers }: ContentArtifact): string {
  return [
    "import type { ContentArtifact } from './model';",
    '',
    '/** Written by `npm run train:content`; see docs/guard.md. */',
    'export const CONTENT_ARTIFACT: ContentArtifact = {',
    ...Object.entries(numbers).map(([name, value]) => `  ${name}: ${value},`),
    `  clusters: '${clusters}',`,
    `  weights:\n    '${weights}',`,
    '};',
    '',
  ].join('\n');
}
