import { Duration, Lazy, Names, RemovalPolicy, Size } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { createZoneLookup } from '../../lambda/authorization/network-zones';
import type { ServeGrants } from '../access-grants/access-grants';
import type { BlockList } from '../access-grants/block-list';
import type { IPolicyStore } from '../authorization';
import { acknowledge } from '../private/acknowledge';
import { letLogsUse } from '../private/log-key';
import { ToolRegistry } from '../registry';
import type { IToolRegistry } from '../registry';
import { registryEnvironment } from '../registry/environment';
import { DecisionMode } from './decision-mode';
import { policyStoresVariable, senderConstraintsVariable, serversVariable, sharedEnvironment, Variable } from './environment';
import { McpGatewayBase } from './gateway-base';
import type { McpServingOptions } from './gateway-props';
import { createProofTable } from './proof-table';
import { SenderConstraint } from './sender-constraint';
import { McpServer } from './server';
import type { AddServerOptions } from './server';
import { assertTokenIssuers, issuerSecrets } from './token-issuer';

/** Properties for what every gateway has. */
export interface McpServingGatewayProps extends McpServingOptions {
  /** The policies that decide every request (CV-1). */
  readonly policyStore: IPolicyStore;
}

/**
 * A gateway of this app, wherever its code runs: the servers behind it, the policies that decide, the secret that it seals with, and what its
 * code is told. `McpGateway` runs it as functions behind an API, `ContainerizedMicroservices` as pods.
 */
export abstract class McpServingGateway extends McpGatewayBase implements iam.IGrantable {
  readonly metricNamespace: string;

  /** The policies that decide on every server without a policy store of its own. */
  readonly policyStore: IPolicyStore;

  /** Whether access tokens are bound to a key of their sender, for servers that do not say otherwise. */
  readonly senderConstraint: SenderConstraint;

  /** The role of the code that serves requests. */
  abstract readonly grantPrincipal: iam.IPrincipal;

  /** The secret that session ids, request state and argument digests are keyed with. */
  abstract readonly keySecret: secretsmanager.ISecret;

  /** Log groups that its code writes the events of requests to (LOG-1). */
  readonly auditLogGroups: logs.ILogGroup[] = [];

  /** The key that encrypts logs and secret. */
  readonly encryptionKey: kms.IKey;
  protected readonly decisionMode: DecisionMode;
  protected readonly servers: McpServer[] = [];
  private readonly registry?: IToolRegistry;

  constructor(scope: Construct, id: string, props: McpServingGatewayProps) {
    super(scope, id);
    assertTokenIssuers(props.tokenIssuers);
    this.policyStore = props.policyStore;
    this.decisionMode = props.decisionMode ?? DecisionMode.IN_PROCESS;
    this.registry = props.registry;
    this.metricNamespace = `McpZeroTrust/${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}`;
    this.encryptionKey = props.encryptionKey ?? this.createKey(props);
    letLogsUse(this.encryptionKey);
    this.senderConstraint = props.senderConstraint ?? SenderConstraint.OFF;
  }

  /**
   * Puts an MCP server behind the gateway, at `<gatewayUrl>/mcp/<name>`. Nobody may use it until `grants` or a policy says so.
   *
   * @param name lower-case letters, digits, `_` and `-`; starts with a letter or digit
   * @param options where the server is and how its calls are checked
   */
  addServer(name: string, options: AddServerOptions): McpServer {
    const server = new McpServer(this, name, { ...options, gateway: this });
    this.servers.push(server);
    if (server.policyStore !== this.policyStore) this.decideOnItsOwn(server);
    if (server.senderConstraint !== SenderConstraint.OFF) this.takeBoundTokens();
    if (this.registry instanceof ToolRegistry) this._register(this.registry, name, options);
    return server;
  }

  /**
   * Lets all its code sign the audit events that it writes (LOG-4).
   *
   * @param signingKeyArn key that certifies writers
   * @param letSign grants a role the use of the key
   * @internal
   */
  _signAuditEvents(signingKeyArn: string, letSign: (role: iam.IRole) => void): void {
    this._tell(Variable.AUDIT_KEY_ARN, signingKeyArn);
    for (const role of this._decidingRoles()) letSign(role);
  }

  /**
   * Lets all its code watch how principals and tools behave (CV-2, TB-1).
   *
   * @internal
   */
  _watchBehaviour(): void {
    this._tell(Variable.BEHAVIOUR_METRICS, this.metricNamespace);
  }

  /**
   * Refuses whoever is on a list, at once (JIT-4).
   *
   * @internal
   */
  _obey(blockList: BlockList): void {
    this._tellServing(Variable.BLOCK_TABLE, blockList.tableName);
    blockList.grantRead(this);
  }

  /**
   * Has what a server offers asked for by the registry.
   *
   * @internal
   */
  protected _register(registry: ToolRegistry, name: string, options: AddServerOptions): void {
    registry.addServer(name, options);
  }

  /**
   * The roles of all code that decides.
   *
   * @internal
   */
  protected abstract _decidingRoles(): readonly iam.IRole[];

  /**
   * Tells all code that decides.
   *
   * @internal
   */
  protected abstract _tell(name: string, value: string): void;

  /**
   * Tells the code that serves requests.
   *
   * @internal
   */
  protected abstract _tellServing(name: string, value: string): void;

  /**
   * What all code that decides is told.
   *
   * @internal
   */
  protected _sharedEnvironment(props: McpServingGatewayProps): Record<string, string> {
    return sharedEnvironment(this, {
      publicUrl: this.gatewayUrl,
      tokenIssuers: props.tokenIssuers,
      scopes: props.scopes ?? [],
      policyStoreId: this.policyStore.policyStoreId,
      decisionMode: this.decisionMode,
      policyRefreshSeconds: (props.policyRefreshInterval ?? Duration.seconds(30)).toSeconds(),
      networkZones: checkedZones(props.networkZones),
      allowedOrigins: props.allowedOrigins ?? [],
    });
  }

  /**
   * What the code that serves requests is told besides.
   *
   * @internal
   */
  protected _servingEnvironment(props: McpServingGatewayProps, keySecret: secretsmanager.ISecret): Record<string, string> {
    return {
      [Variable.SERVERS]: serversVariable(this, () => this.servers),
      [Variable.KEY_SECRET_ARN]: keySecret.secretArn,
      [Variable.MAX_BODY_BYTES]: `${(props.maxBodySize ?? Size.kibibytes(64)).toBytes()}`,
      ...(props.registry ? registryEnvironment(props.registry) : {}),
    };
  }

  /**
   * Lets the code that decides read what it decides by.
   *
   * @internal
   */
  protected _grantWhatItNeeds(props: McpServingGatewayProps, keySecret: secretsmanager.ISecret): void {
    keySecret.grantRead(this);
    props.registry?.grants.observe(this);
    for (const issuerSecret of issuerSecrets(props.tokenIssuers)) this._decidingRoles().forEach((role) => issuerSecret.grantRead(role));
    this.letDecideBy(this.policyStore);
  }

  /**
   * Serves just-in-time grants beside the gateway, where it has some.
   *
   * @internal
   */
  protected _serveGrants({ accessGrants }: McpServingGatewayProps, place: Pick<ServeGrants, 'url' | 'entrance' | 'environment'>): void {
    accessGrants?._serve({
      ...place,
      policyStore: this.policyStore,
      letDecide: (role) => this._letDecide(role, this.policyStore),
      keySecret: this.keySecret,
      servers: () => this.servers.map(({ serverName }) => serverName),
      gateway: this,
      tell: (name, value) => this._tellServing(name, value),
    });
  }

  /**
   * Lets a role take decisions.
   *
   * @internal
   */
  protected _letDecide(role: iam.IRole, policyStore: IPolicyStore): void {
    if (this.decisionMode === DecisionMode.SERVICE) policyStore.grants.authorize(role);
    else policyStore.grants.read(role);
  }

  /**
   * Ids of the policy stores of servers that have one of their own.
   *
   * @internal
   */
  protected _policyStoresEnvironment(): Record<string, string> {
    const servers = this.serversWithOwnStore();
    return servers.length === 0 ? {} : { [Variable.POLICY_STORES]: policyStoresVariable(this, servers) };
  }

  /**
   * The secret that everything is sealed with.
   *
   * @internal
   */
  protected _createKeySecret(props: McpServingGatewayProps): secretsmanager.Secret {
    const secret = new secretsmanager.Secret(this, 'KeySecret', {
      description: 'Session ids, request state and argument digests of an MCP gateway are keyed with it',
      encryptionKey: this.encryptionKey,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: removalPolicy(props),
    });
    const noRotation = 'a new value ends every session and cuts the link between argument digests, so when to change it is the operator\'s decision; nothing but the proxy reads it';
    acknowledge(secret, { 'AwsSolutions-SMG4': noRotation, 'NIST.800.53.R5-SecretsManagerRotationEnabled': noRotation });
    return secret;
  }

  /** Once, with the first server that takes them. */
  private takeBoundTokens(): void {
    const taking = () => this.servers.filter(({ senderConstraint }) => senderConstraint !== SenderConstraint.OFF);
    if (taking().length > 1) return;
    this._tell(Variable.SENDER_CONSTRAINTS, Lazy.uncachedString({ produce: () => senderConstraintsVariable(this, taking()) }));
    const proofs = createProofTable(this, this.encryptionKey);
    proofs.grant(this, 'dynamodb:GetItem', 'dynamodb:PutItem');
    this._tellServing(Variable.PROOF_TABLE, proofs.tableName);
  }

  private letDecideBy(policyStore: IPolicyStore): void {
    for (const role of this._decidingRoles()) this._letDecide(role, policyStore);
  }

  private decideOnItsOwn({ policyStore }: McpServer): void {
    const own = this.serversWithOwnStore();
    if (own.filter((server) => server.policyStore === policyStore).length === 1) this.letDecideBy(policyStore);
    if (own.length > 1) return;
    this._tell(Variable.POLICY_STORES, Lazy.uncachedString({ produce: () => policyStoresVariable(this, this.serversWithOwnStore()) }));
  }

  private serversWithOwnStore(): readonly McpServer[] {
    return this.servers.filter(({ policyStore }) => policyStore !== this.policyStore);
  }

  private createKey(props: McpServingGatewayProps): kms.Key {
    return new kms.Key(this, 'Key', {
      description: 'Logs and secret of an MCP gateway',
      enableKeyRotation: true,
      removalPolicy: removalPolicy(props),
    });
  }
}

/** @throws naming the range that is none */
function checkedZones(zones: McpServingOptions['networkZones']): McpServingOptions['networkZones'] {
  if (zones !== undefined) createZoneLookup(zones);
  return zones;
}

/** How long a gateway's logs are kept. */
export function retention(props: McpServingOptions): logs.RetentionDays {
  return props.logRetention ?? logs.RetentionDays.ONE_YEAR;
}

/** What happens to what a gateway keeps. */
export function removalPolicy(props: McpServingOptions): RemovalPolicy {
  return props.removalPolicy ?? RemovalPolicy.RETAIN;
}
