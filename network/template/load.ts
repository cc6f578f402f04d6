import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseTemplate } from './yaml';

/** A template as it was read, before anything in it is resolved. */
export interface TemplateFile {
  /** Name of the stack; of a nested stack the path of names, `Parent/LogicalId`. */
  readonly stack: string;
  readonly file: string;
  readonly body: TemplateBody;
  /** Hashes under which a cloud assembly publishes the file, so that a `TemplateURL` finds it. */
  readonly hashes: readonly string[];
  /** Whether the file is deployed by a stack of another file, and not by itself. */
  readonly nested: boolean;
}

export interface TemplateBody {
  readonly Resources: Readonly<Record<string, RawResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Type?: string; readonly Default?: unknown }>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value?: unknown; readonly Export?: { readonly Name?: unknown } }>>;
  readonly Transform?: unknown;
}

export interface RawResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** Says in one sentence what cannot be read, and where. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/**
 * Reads the templates of a cloud assembly (`cdk.out`, with its stages and nested stacks), of a folder of templates, or of one file.
 *
 * @throws TemplateError where there is no template, or one that cannot be read
 */
export function loadTemplates(path: string): readonly TemplateFile[] {
  if (!existsSync(path)) throw new TemplateError(`${path} does not exist; expected a cloud assembly such as cdk.out, or a template`);
  if (!statSync(path).isDirectory()) return [readTemplate(path, stackName(path))];
  const files = existsSync(join(path, 'manifest.json')) ? readAssembly(path) : readFolder(path);
  if (files.length === 0) throw new TemplateError(`${path} holds no template; run cdk synth first, or name a template`);
  return files;
}

interface Manifest {
  readonly artifacts?: Readonly<Record<string, { readonly type: string; readonly properties?: { readonly templateFile?: string; readonly directoryName?: string; readonly stackName?: string } }>>;
}

function readAssembly(folder: string): readonly TemplateFile[] {
  const manifest = readJson(join(folder, 'manifest.json')) as Manifest;
  const artifacts = Object.entries(manifest.artifacts ?? {});
  const hashes = new Map<string, string[]>();
  const files: TemplateFile[] = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.assets.json'))) {
    const { files: assets = {} } = readJson(join(folder, name)) as { files?: Record<string, { source?: { path?: string } }> };
    for (const [hash, { source }] of Object.entries(assets)) {
      if (source?.path?.endsWith('.json')) hashes.set(basename(source.path), [...(hashes.get(basename(source.path)) ?? []), hash]);
    }
  }
  const stacks = new Set<string>();
  for (const [id, { type, properties }] of artifacts) {
    if (type === 'aws:cloudformation:stack' && properties?.templateFile) {
      stacks.add(properties.templateFile);
      files.push(readTemplate(join(folder, properties.templateFile), properties.stackName ?? id, hashes.get(properties.templateFile)));
    }
    if (type === 'cdk:cloud-assembly' && properties?.directoryName) files.push(...readAssembly(join(folder, properties.directoryName)));
  }
  for (const [name, known] of hashes) {
    if (!stacks.has(name) && /\.template\.json$/.test(name) && existsSync(join(folder, name))) files.push({ ...readTemplate(join(folder, name), stackName(name), known), nested: true });
  }
  return files;
}

function readFolder(folder: string): readonly TemplateFile[] {
  return readdirSync(folder)
    .filter((name) => /\.(json|ya?ml|template)$/.test(name))
    .sort()
    .flatMap((name) => {
      const body = readBody(join(folder, name));
      return isTemplate(body) ? [{ stack: stackName(name), file: join(folder, name), body, hashes: [], nested: false }] : [];
    });
}

function readTemplate(file: string, stack: string, hashes: readonly string[] = []): TemplateFile {
  const body = readBody(file);
  if (!isTemplate(body)) throw new TemplateError(`${file} is no CloudFormation template: it has no Resources`);
  return { stack, file, body, hashes, nested: false };
}

function readBody(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TemplateError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    return file.endsWith('.json') ? JSON.parse(text) : parseTemplate(text);
  } catch (error) {
    throw new TemplateError(`${file} cannot be parsed: ${(error as Error).message}`);
  }
}

function readJson(file: string): unknown {
  const body = readBody(file);
  if (typeof body !== 'object' || body === null) throw new TemplateError(`${file} is no JSON object`);
  return body;
}

function isTemplate(body: unknown): body is TemplateBody {
  const resources = (body as TemplateBody | null)?.Resources;
  return typeof resources === 'object' && resources !== null && Object.values(resources).every((resource) => typeof resource?.Type === 'string');
}

function stackName(file: string): string {
  return basename(file).replace(/(\.nested)?(\.template)?\.(json|ya?ml|template)$/, '') || basename(dirname(file));
}
