import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { TemplateError } from '../template';

/** An object of the Kubernetes API as a manifest writes it; what is in it is checked where it is read. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/**
 * The manifests of a file, or of a folder and the folders in it; none where the path holds CloudFormation templates instead.
 *
 * @throws TemplateError where the path is missing, a file cannot be read, or manifests and templates are mixed
 */
export function findManifests(path: string): readonly Manifest[] {
  if (!existsSync(path)) throw new TemplateError(`${path} does not exist; expected a cloud assembly such as cdk.out, a template, or manifests of Kubernetes`);
  if (!statSync(path).isDirectory()) return readFile(path).manifests;
  if (existsSync(join(path, 'manifest.json')) && existsSync(join(path, 'cdk.out'))) return [];
  const files = filesIn(path).map(readFile);
  const manifests = files.flatMap((file) => file.manifests);
  const template = files.find((file) => file.template);
  if (manifests.length > 0 && template) throw new TemplateError(`${path} holds manifests of Kubernetes and templates of CloudFormation (${template.name}); name one of them`);
  return manifests;
}

/** @throws TemplateError where the text is no YAML */
export function readManifestText(text: string, name: string): readonly Manifest[] {
  return parse(text, name).flatMap((document) => expand(document, name));
}

interface ReadFile {
  readonly name: string;
  readonly manifests: readonly Manifest[];
  readonly template: boolean;
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : filesIn(path);
      return /\.(json|ya?ml)$/.test(entry.name) ? [path] : [];
    });
}

function readFile(file: string): ReadFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TemplateError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  // The short forms of CloudFormation are no YAML that everybody reads; a file without the words of a manifest is left to others.
  if (!/^\s*"?apiVersion"?\s*:/m.test(text) && !text.includes('"apiVersion"')) return { name: file, manifests: [], template: /"?Resources"?\s*:/.test(text) };
  return { name: file, manifests: readManifestText(text, file), template: false };
}

function parse(text: string, name: string): readonly unknown[] {
  const documents = parseAllDocuments(text, { merge: true, logLevel: 'error' });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const error = document.errors[0];
    if (error) throw new TemplateError(`${name} cannot be parsed: ${error.message.split('\n')[0]}`);
    return document.toJS({ maxAliasCount: 1_000 }) as unknown;
  });
}

function expand(document: unknown, name: string): readonly Manifest[] {
  if (document === null || document === undefined) return [];
  const { apiVersion, kind, items } = document as Partial<Manifest> & { readonly items?: unknown };
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw new TemplateError(`${name} holds a document that is no manifest: expected apiVersion and kind`);
  if (kind.endsWith('List') && Array.isArray(items)) return items.flatMap((item) => expand(item, name));
  return [document as Manifest];
}
