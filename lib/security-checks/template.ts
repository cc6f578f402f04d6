/** A resource of a synthesized template. Properties are what CloudFormation will see, intrinsic functions included. */
export interface TemplateResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A synthesized template, to be asked. */
export class Template {
  readonly resources: readonly TemplateResource[];

  constructor(json: unknown) {
    const resources = asRecord(asRecord(json).Resources);
    this.resources = Object.entries(resources).map(([logicalId, resource]) => {
      const { Type, Properties } = asRecord(resource);
      return { logicalId, type: String(Type), properties: asRecord(Properties) };
    });
  }

  ofType(...types: readonly string[]): readonly TemplateResource[] {
    return this.resources.filter((resource) => types.includes(resource.type));
  }

  byId(logicalId: string | undefined): TemplateResource | undefined {
    return this.resources.find((resource) => resource.logicalId === logicalId);
  }
}

/** The logical id that a `Ref` or `Fn::GetAtt` names. */
export function referenced(value: unknown): string | undefined {
  const { Ref, 'Fn::GetAtt': attribute } = asRecord(value);
  if (typeof Ref === 'string') return Ref;
  if (Array.isArray(attribute)) return String(attribute[0]);
  return typeof attribute === 'string' ? attribute.split('.')[0] : undefined;
}

/** Whether a value refers to a resource, at any depth. */
export function refersTo(value: unknown, logicalId: string): boolean {
  if (referenced(value) === logicalId) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((part) => refersTo(part, logicalId));
}

/** All literal text in a value, joined: enough to look for a word in an `Fn::Join` or `Fn::Sub`. */
export function literalText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(literalText).join('');
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}

/** Whether a value is known in the template, rather than at deployment. */
export function isLiteral(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}
