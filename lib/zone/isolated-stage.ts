import { CfnResource, DefaultTokenResolver, Reference, StringConcat, Tokenization } from 'aws-cdk-lib';
import type { IResolvable, IResolveContext } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

const METADATA = 'cdk-mcp-zero-trust:stage';

/** What two stages must not have in common. */
type Shared = 'key' | 'policy store' | 'token issuer' | 'trusted principal';

/** Something that is used in a stage and is made elsewhere. */
interface Use {
  readonly stage: string;
  /** Path of the resource that uses it. */
  readonly user: string;
  readonly kind: Shared;
  readonly name: string;
}

/** Something of one stage that a resource of another one refers to. */
interface Crossing {
  readonly stage: string;
  readonly user: string;
  readonly otherStage: string;
  readonly target: string;
}

/**
 * Development, test and production that share no authentication and no access (MUL-7). Of everything in two stages with different names,
 * synthesis fails where a resource of one refers to one of the other, and where both use the same key, policy store or token issuer,
 * or trust the same principal.
 *
 * @example
 * IsolatedStage.assign(devStack, 'dev');
 * IsolatedStage.assign(prodStack, 'prod');
 */
export class IsolatedStage {
  /**
   * Says of which stage a construct and all in it is.
   *
   * @param scope a stack, a stage of the CDK, or a construct
   * @param name `dev`, `test`, `prod`, or what the stages of your app are called
   */
  static assign(scope: IConstruct, name: string): void {
    const known = IsolatedStage.of(scope);
    if (known === name) return;
    if (known !== undefined) throw new Error(`${JSON.stringify(scope.node.path)} is of the stage ${JSON.stringify(known)} already, expected one stage for it`);
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) throw new Error(`the stage is ${JSON.stringify(name)}, expected lower-case letters, digits and -, at most 32`);
    scope.node.addMetadata(METADATA, name);
    scope.node.addValidation({ validate: () => problemsOf(scope.node.root, name) });
  }

  /**
   * The stage of a construct.
   *
   * @returns undefined when nobody said
   */
  static of(construct: IConstruct): string | undefined {
    for (const scope of [...construct.node.scopes].reverse()) {
      const metadata = scope.node.metadata.find(({ type }) => type === METADATA);
      if (metadata) return metadata.data as string;
    }
    return undefined;
  }
}

/** What is wrong, from the view of one stage: of two that share something, each says so. */
function problemsOf(root: IConstruct, stage: string): string[] {
  const resources = root.node.findAll().filter(CfnResource.isCfnResource);
  const views = resources.map(viewOf).filter((view) => view !== undefined);
  const crossings = views.flatMap((view) => view.crossings).filter((crossing) => crossing.stage === stage);
  const uses = views.flatMap((view) => view.uses);
  const shared = uses.filter((use) => use.stage === stage).flatMap((use) => {
    const other = uses.find(({ kind, name, stage: elsewhere }) => kind === use.kind && name === use.name && elsewhere !== stage);
    return other ? [`the stages ${use.stage} and ${other.stage} share the ${use.kind} ${use.name}: ${use.user} and ${other.user} use it, expected one for each stage`] : [];
  });
  return [...new Set([
    ...crossings.map(({ user, otherStage, target }) => `${user} of the stage ${stage} refers to ${target} of the stage ${otherStage}, expected nothing that stages share`),
    ...shared,
  ])];
}

function viewOf(resource: CfnResource): { readonly crossings: Crossing[]; readonly uses: Use[] } | undefined {
  const stage = IsolatedStage.of(resource);
  if (stage === undefined) return undefined;
  const user = resource.node.path;
  const references = new ReferenceRecorder();
  const template: unknown = Tokenization.resolve((resource as unknown as { _toCloudFormation(): object })._toCloudFormation(), { scope: resource, resolver: references, preparing: false });
  const crossings = [...references.targets].flatMap((target) => {
    const otherStage = IsolatedStage.of(target);
    return otherStage === undefined || otherStage === stage ? [] : [{ stage, user, otherStage, target: target.node.path }];
  });
  const uses = [...literals(template)].flatMap(([path, text]) => usesOf(path, text)).map((use) => ({ ...use, stage, user }));
  return { crossings, uses };
}

/** Resolves as the CDK does, and remembers which constructs were referred to. */
class ReferenceRecorder extends DefaultTokenResolver {
  readonly targets = new Set<IConstruct>();

  constructor() {
    super(new StringConcat());
  }

  override resolveToken(token: IResolvable, context: IResolveContext, postProcessor: Parameters<DefaultTokenResolver['resolveToken']>[2]): unknown {
    if (Reference.isReference(token)) this.targets.add(token.target);
    return super.resolveToken(token, context, postProcessor);
  }
}

/** Functions whose texts name a resource of the same template. */
const REFERENCES = ['Ref', 'Fn::GetAtt'];

/** Every text in a value that means itself, with the names that lead to it. */
function* literals(value: unknown, path: readonly string[] = []): Generator<readonly [readonly string[], string]> {
  if (typeof value === 'string') yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) if (!REFERENCES.includes(key)) yield* literals(part, [...path, key]);
}

function usesOf(path: readonly string[], text: string): Pick<Use, 'kind' | 'name'>[] {
  const names = new Set(path);
  if (/^arn:[^:]+:kms:[^:]*:[^:]*:(?:key|alias)\/./.test(text)) return [{ kind: 'key', name: text }];
  if (names.has('PolicyStoreId') || names.has('MCP_POLICY_STORE_ID')) return [{ kind: 'policy store', name: text }];
  const store = /^arn:[^:]+:verifiedpermissions::[^:]*:policy-store\/([^/]+)$/.exec(text);
  if (store) return [{ kind: 'policy store', name: store[1]! }];
  // Manifests of Kubernetes are one text each, in which what a gateway is told is a text again.
  if (names.has('MCP_ISSUERS') || text.includes('MCP_ISSUERS')) return issuersIn(text.replaceAll('\\', '')).map((name) => ({ kind: 'token issuer', name }));
  const isTrust = names.has('AssumeRolePolicyDocument') && names.has('Principal') && !names.has('Service');
  if (isTrust && /^(?:arn:[^:]+:(?:iam|sts)::|\d{12}$)/.test(text)) return [{ kind: 'trusted principal', name: text }];
  return [];
}

function issuersIn(text: string): string[] {
  return [...text.matchAll(/"issuer":"((?:[^"\\]|\\.)*)"/g)].map(([, issuer]) => issuer!);
}
