import { decide, resolve, type Scope, type World } from './evaluate';
import type { RawResource, TemplateFile } from './load';

/** What a template says of a resource; its shape is CloudFormation's and is checked where it is read. */
export type Properties = Readonly<Record<string, unknown>>;

/** A resource whose properties are plain values; what only the deployment knows is a reference (`reference.ts`). */
export interface Resource {
  /** `Stack/LogicalId`, unique among all templates. */
  readonly id: string;
  readonly stack: string;
  readonly type: string;
  readonly properties: Properties;
  /** The path of the construct, where the template says it. */
  readonly constructPath?: string;
  /** The name of the condition that it depends on and that nothing in the templates decides. */
  readonly undecidedCondition?: string;
}

export interface ResolvedTemplates {
  readonly resources: ReadonlyMap<string, Resource>;
  /** What the templates leave to a macro, one sentence each. */
  readonly macros: readonly string[];
}

/**
 * Resolves references between resources, stacks and nested stacks, conditions, and the functions of CloudFormation.
 *
 * @param parameters values of template parameters, before their defaults
 */
export function resolveTemplates(files: readonly TemplateFile[], parameters: Readonly<Record<string, string>> = {}): ResolvedTemplates {
  const scopes: Scope[] = [];
  const world: World = { files, scopes, vpcs: [] };
  for (const file of files) if (!file.nested) addScope(world, file, file.stack, parameters);
  const resources = new Map<string, Resource>();
  const macros: string[] = [];
  // Nested stacks are found while their parents are resolved, so the list grows.
  for (let index = 0; index < scopes.length; index++) {
    const scope = scopes[index]!;
    if (scope.body.Transform !== undefined) macros.push(`${scope.stack} is rewritten by ${JSON.stringify(scope.body.Transform)} when it is deployed`);
    for (const [logicalId, raw] of Object.entries(scope.body.Resources)) {
      const resource = resolveResource(scope, logicalId, raw);
      if (resource) resources.set(resource.id, resource);
    }
  }
  return { resources, macros };
}

function addScope(world: World, file: TemplateFile, stack: string, parameters: Readonly<Record<string, unknown>>): Scope {
  const scope: Scope = { world, stack, body: file.body, parameters, nested: new Map(), conditions: new Map(), open: new Set() };
  world.scopes.push(scope);
  for (const [logicalId, { Type }] of Object.entries(file.body.Resources)) {
    if (Type === 'AWS::EC2::VPC') world.vpcs.push(`${stack}/${logicalId}`);
  }
  for (const [logicalId, raw] of Object.entries(file.body.Resources)) {
    if (raw.Type !== 'AWS::CloudFormation::Stack') continue;
    const url = JSON.stringify(raw.Properties?.TemplateURL ?? '');
    const path = raw.Metadata?.['aws:asset:path'];
    const child = world.files.find(({ nested, hashes, file: name }) => nested && (hashes.some((hash) => url.includes(hash)) || (typeof path === 'string' && name.endsWith(path))));
    if (child) scope.nested.set(logicalId, addScope(world, child, `${stack}/${logicalId}`, resolve(scope, raw.Properties?.Parameters ?? {}) as Record<string, unknown>));
  }
  return scope;
}

function resolveResource(scope: Scope, logicalId: string, raw: RawResource): Resource | undefined {
  const condition = raw.Condition === undefined ? true : decide(scope, raw.Condition);
  if (condition === false) return undefined;
  const path = raw.Metadata?.['aws:cdk:path'];
  return {
    id: `${scope.stack}/${logicalId}`,
    stack: scope.stack,
    type: raw.Type,
    properties: (resolve(scope, raw.Properties ?? {}) ?? {}) as Record<string, unknown>,
    ...(typeof path === 'string' && { constructPath: path }),
    ...(condition === undefined && { undecidedCondition: raw.Condition! }),
  };
}
