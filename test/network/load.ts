import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { addModel } from '../../bin/models';
import { computeMatrix, findBreaches, loadTemplates, parseDenial, readNetwork, resolveTemplates, type Cell, type Matrix } from '../../network';
import type { TemplateFile } from '../../network/template';

export type Resources = Record<string, { Type: string; Properties: Record<string, any> }>;

/** The file of a fixture, with a copy of its resources that a test may change. */
export function fixture(name: string): { readonly files: readonly TemplateFile[]; readonly resources: Resources } {
  const files = structuredClone(loadTemplates(join(__dirname, 'fixtures', name)));
  return { files, resources: files[0]!.body.Resources as Resources };
}

/** The templates of a reference model with one declared domain, as `cdk synth -c model=<model>` writes them. */
export function templatesOfModel(model: 'zone' | 'cluster'): readonly TemplateFile[] {
  const { context } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  const outdir = mkdtempSync(join(tmpdir(), `${model}-model-`));
  try {
    const app = new App({ outdir, context: { ...context, 'aws:cdk:enable-path-metadata': true, model, egress: 'api.example.com' } });
    addModel(app);
    app.synth();
    return loadTemplates(outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

export function matrixOf(files: readonly TemplateFile[], parameters?: Record<string, string>): Matrix {
  return computeMatrix(readNetwork(resolveTemplates(files, parameters)));
}

/** The matrix of a template that a test writes. */
export function matrixOfResources(resources: Record<string, unknown>, more: Record<string, unknown> = {}): Matrix {
  return matrixOf([{ stack: 'test', file: 'test', body: { Resources: resources, ...more } as never, hashes: [], nested: false }]);
}

export function cellOf(matrix: Matrix, from: string, to: string): Cell {
  const cell = matrix.cells.find((candidate) => candidate.from.name.endsWith(from) && (candidate.to.id === to || candidate.to.label.endsWith(to)));
  if (!cell) throw new Error(`no cell ${from} -> ${to}`);
  return cell;
}

export function breaks(matrix: Matrix, denial: string): boolean {
  return findBreaches(matrix, parseDenial(denial)).length > 0;
}
