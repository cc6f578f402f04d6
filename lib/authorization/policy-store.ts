import { createHash } from 'node:crypto';
import { Annotations, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnPolicyStore } from 'aws-cdk-lib/aws-verifiedpermissions';
import { Construct } from 'constructs';
import { generateSchema } from '../../lambda/authorization/schema';
import type { GeneratedSchema, ServerTools } from '../../lambda/authorization/schema';
import { STORE_QUOTA, schemaBytes, splitByServer } from '../../lambda/authorization/schema-size';
import { validatePolicies } from '../../lambda/authorization/validate-policies';
import type { TemplateLink } from '../../lambda/authorization/validate-policies';
import { describe, readPolicies, readPolicyFolder, readTemplate, readTemplateFolder } from './cedar-source';
import type { PolicySource } from './cedar-source';
import { grantPolicyText } from './grant-policy';
import type { ServerGrant } from './grant-policy';
import { IdentitySource } from './identity-source';
import type { IdentitySourceOptions } from './identity-source';
import { Policy } from './policy';
import { PolicyStoreBase } from './policy-store-base';
import type { IPolicyStore } from './policy-store-base';
import { oversizedResources } from './policy-sizes';
import { PolicyTemplate } from './policy-template';
import type { AddPolicyOptions, AddTemplateOptions, PolicyServerOptions, PolicyStoreProps } from './policy-store-props';
import type { McpPrincipal } from './principal';

/**
 * Policies that are created at the same time. The service refuses many at once, and one after the other takes seconds each, so
 * they form this many chains.
 */
const CHAINS = 5;

/**
 * An Amazon Verified Permissions policy store with the Cedar schema of the MCP servers behind a gateway, in STRICT validation.
 * Every policy is validated against that schema in synthesis already: Cedar skips a policy that fails while it is evaluated, so a
 * `forbid` with a mistake in it would let through what it forbids.
 *
 * @stateful
 */
export class PolicyStore extends PolicyStoreBase {
  /** A policy store that is there already. Policies are added where it is defined. */
  static fromPolicyStoreId(scope: Construct, id: string, policyStoreId: string): IPolicyStore {
    class Import extends PolicyStoreBase {
      readonly policyStoreId = policyStoreId;
      readonly policyStoreArn = arnOf(this, policyStoreId);
    }
    return new Import(scope, id);
  }

  readonly policyStoreId: string;
  readonly policyStoreArn: string;

  private readonly servers = new Map<string, PolicyServerOptions>();
  private readonly grantedTools = new Map<string, Set<string>>();
  private readonly sources: PolicySource[] = [];
  private readonly policies: Policy[] = [];
  private readonly templates = new Map<string, { readonly template: PolicyTemplate; readonly source: PolicySource }>();
  private readonly links: TemplateLink[] = [];
  private identitySource?: IdentitySource;
  private readonly policyScope: Construct;

  constructor(scope: Construct, id: string, props: PolicyStoreProps = {}) {
    super(scope, id);
    const store = new CfnPolicyStore(this, 'Resource', {
      description: props.description ?? 'Who may use which MCP server, tool, prompt and resource',
      validationSettings: { mode: 'STRICT' },
      schema: { cedarJson: Lazy.string({ produce: () => JSON.stringify(this.generatedSchema().schema) }) },
      deletionProtection: { mode: props.deletionProtection ?? true ? 'ENABLED' : 'DISABLED' },
      encryptionSettings: props.encryptionKey && { kmsEncryptionSettings: { key: props.encryptionKey.keyArn } },
    });
    store.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.RETAIN);
    this.policyStoreId = store.attrPolicyStoreId;
    this.policyStoreArn = store.attrArn;
    this.policyScope = new Construct(this, 'Policies');
    this.node.addValidation({ validate: () => this.problems() });
    if (props.policiesFolder !== undefined) readPolicyFolder(props.policiesFolder).forEach((source) => this.add(source));
    if (props.templatesFolder !== undefined) readTemplateFolder(props.templatesFolder).forEach((source) => this.addTemplateOf(source));
  }

  /**
   * Adds a policy, which may be about every server that is added to the store until the template is written.
   *
   * @param id name of the policy in this store; findings name it
   * @param options the policy
   */
  addPolicy(id: string, options: AddPolicyOptions): Policy {
    const [source, ...more] = readPolicies([{ name: id, text: options.statement }]);
    if (!source || more.length > 0) throw new Error(`the statement of ${JSON.stringify(id)} has ${more.length ? 'several policies' : 'no policy'}, expected exactly one`);
    return this.add({ ...source, id }, options.description ?? id);
  }

  /**
   * Adds a policy template.
   *
   * @param id name of the template in this store; findings name it
   * @param options the template
   */
  addTemplate(id: string, options: AddTemplateOptions): PolicyTemplate {
    return this.addTemplateOf({ ...readTemplate({ name: id, text: options.statement }), id }, options.description);
  }

  /**
   * A template of this store.
   *
   * @param id the name it was added under, or that of its file without `.cedar`
   */
  template(id: string): PolicyTemplate {
    const found = this.templates.get(id);
    if (!found) throw new Error(`the policy store has no template ${JSON.stringify(id)}, expected one of ${JSON.stringify([...this.templates.keys()])}`);
    return found.template;
  }

  /**
   * Lets services of your own ask the store for decisions with a token instead of a principal (`IsAuthorizedWithToken`). The
   * gateway itself never does: it checks tokens on its own, and more of them than the service does.
   *
   * @param options whose tokens
   */
  addIdentitySource(options: IdentitySourceOptions): IdentitySource {
    if (this.identitySource) throw new Error(`the policy store has an identity source already, and Amazon Verified Permissions takes ${STORE_QUOTA.identitySources}`);
    this.identitySource = new IdentitySource(this, 'IdentitySource', { ...options, policyStore: this });
    return this.identitySource;
  }

  /**
   * Notes a policy that a template makes, for validation.
   *
   * @internal
   */
  _linked(link: TemplateLink): void {
    this.links.push(link);
  }

  /**
   * Tells the store of an MCP server, so that policies can be about its tools. A gateway does it for its servers.
   *
   * @param name name of the server in Cedar
   * @param options what is known of its tools
   */
  addServer(name: string, options: PolicyServerOptions = {}): void {
    if (this.servers.has(name)) throw new Error(`the policy store has an MCP server ${JSON.stringify(name)} already: give each server behind its gateways a name of its own`);
    this.servers.set(name, options);
  }

  /**
   * Adds the policy of a grant. The same grant twice is one policy.
   *
   * @internal
   */
  _grant(principal: McpPrincipal, grant: ServerGrant): Policy {
    const statement = grantPolicyText(principal, grant);
    for (const tool of grant.tools ?? []) this.toolsGranted(grant.server).add(tool);
    const known = this.policies.find((policy) => policy.statement === statement);
    if (known) return known;
    const id = `grant-${grant.server}-${createHash('sha256').update(statement).digest('hex').slice(0, 12)}`;
    return this.add({ id, text: statement }, describeGrant(principal, grant));
  }

  private add(source: PolicySource, description: string = describe(source)): Policy {
    if (this.sources.some(({ id }) => id === source.id)) throw new Error(`the policy store has a policy ${JSON.stringify(source.id)} already, at or before ${describe(source)}`);
    const policy = new Policy(this.policyScope, constructId(source.id), { policyStore: this, statement: source.text, description });
    const before = this.policies.at(-CHAINS);
    if (before) policy.node.addDependency(before);
    this.sources.push(source);
    this.policies.push(policy);
    return policy;
  }

  private addTemplateOf(source: PolicySource, description: string = describe(source)): PolicyTemplate {
    if (this.templates.has(source.id)) throw new Error(`the policy store has a template ${JSON.stringify(source.id)} already`);
    if (this.templates.size === STORE_QUOTA.templates) throw new Error(`the policy store has ${STORE_QUOTA.templates} templates already, which is all that Amazon Verified Permissions takes`);
    const template = new PolicyTemplate(this.policyScope, `Template-${constructId(source.id)}`, { policyStore: this, statement: source.text, templateName: source.id, description });
    this.templates.set(source.id, { template, source });
    return template;
  }

  private toolsGranted(server: string): Set<string> {
    const tools = this.grantedTools.get(server) ?? new Set();
    this.grantedTools.set(server, tools);
    return tools;
  }

  private serverTools(): ServerTools[] {
    return [...this.servers].map(([name, { toolDefinitions }]): ServerTools => ({
      name,
      tools: (toolDefinitions as ServerTools['tools'] | undefined) ?? [...this.toolsGranted(name)].map((tool) => ({ name: tool, inputSchema: { type: 'object' } })),
    }));
  }

  private generatedSchema(): GeneratedSchema {
    return generateSchema(this.serverTools());
  }

  /** Every mistake in every policy and template; what can never have an effect is a warning. */
  private problems(): string[] {
    const { schema, leftOut } = this.generatedSchema();
    const problems = this.schemaProblems(schemaBytes(schema));
    const templates = [...this.templates.values()].map(({ source }) => source);
    if (this.sources.length + templates.length === 0) return problems;
    const texts = textsOf(this.sources);
    problems.push(...oversizedResources(texts));
    const locations = Object.fromEntries([...this.sources, ...templates].flatMap(({ id, location }) => (location ? [[id, location]] : [])));
    const servers = [...this.servers.keys()];
    for (const { policyId, severity, message, line, column } of validatePolicies(texts, schema, { locations, leftOut, servers, templates: textsOf(templates), links: this.links })) {
      const file = locations[policyId]?.file ?? `policy ${JSON.stringify(policyId)}`;
      const sentence = `${[file, line, column].filter((part) => part !== undefined).join(':')}: ${message}`;
      if (severity === 'error') problems.push(sentence);
      else Annotations.of(this).addWarningV2('cdk-mcp-zero-trust:policyWithoutEffect', sentence);
    }
    return problems;
  }

  private schemaProblems(bytes: number): string[] {
    if (bytes <= STORE_QUOTA.schemaBytes) return [];
    const groups = splitByServer(this.serverTools()).map((group) => group.map(({ name }) => name).join(', '));
    const advice =
      groups.length === 1
        ? 'give fewer of its tools as toolDefinitions'
        : `give servers a policy store of their own, addServer(name, { policyStore }), in ${groups.length} groups that fit: ${groups.join(' | ')}`;
    return [`the Cedar schema has ${bytes} bytes, and Amazon Verified Permissions takes ${STORE_QUOTA.schemaBytes}: ${advice}`];
  }
}

function textsOf(sources: readonly PolicySource[]): Record<string, string> {
  return Object.fromEntries(sources.map(({ id, text }) => [id, text]));
}

/** A policy's id may hold what a construct's may not. */
function constructId(policyId: string): string {
  return policyId.replaceAll('/', '-');
}

function describeGrant({ type, id }: McpPrincipal, grant: ServerGrant): string {
  const what = [...(grant.tools ?? grant.prompts ?? grant.resources ?? [])].join(', ') || (grant.any ? `any ${grant.any}` : 'discover');
  return `${type} ${id} on ${grant.server}: ${what}`;
}

function arnOf(scope: Construct, policyStoreId: string): string {
  return Stack.of(scope).formatArn({ service: 'verifiedpermissions', region: '', resource: 'policy-store', resourceName: policyStoreId });
}
