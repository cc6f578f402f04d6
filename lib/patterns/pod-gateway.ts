import { Duration, Stack } from 'aws-cdk-lib';
import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { ServeGrants } from '../access-grants/access-grants';
import { PodRole } from '../cluster';
import { McpServingGateway } from '../gateway';
import type { McpServingGatewayProps } from '../gateway';
import { addAuditMetrics, addLatencyMetric } from '../gateway/audit-metrics';
import { Variable } from '../gateway/environment';
import { addDiscoveryMetrics } from '../registry/metrics';

/** Properties for a gateway in pods. */
export interface PodGatewayProps extends McpServingGatewayProps {
  readonly cluster: eks.ICluster;
  readonly namespace: string;
  /** Name of the service account, which is also that of the container. */
  readonly serviceAccount: string;
  /** Where clients reach it, without a trailing slash. */
  readonly publicUrl: string;
  /** What the pods write, line by line. */
  readonly logGroup?: logs.LogGroup;
  /**
   * Where `/grants` and `/approvals` are, which its pods do not serve; required with `accessGrants`.
   *
   * @internal
   */
  readonly _grantsPlace?: Pick<ServeGrants, 'url' | 'entrance'>;
}

const WEEK = Duration.days(7);

/** Whole minutes, and a week at most: what the container takes. */
function discoveryMinutes(interval: Duration): number {
  return Math.ceil(Math.min(interval.toMinutes({ integral: false }), WEEK.toMinutes()));
}

/** What manifests say by themselves. */
const BY_MANIFESTS: readonly string[] = [Variable.PUBLIC_URL, Variable.SERVERS];

/**
 * The gateway in pods of a cluster: the proxy function's code behind a server of its own, with the proxy function's environment and rights. There is no
 * authorizer in front; it asks itself who is calling.
 */
export class PodGateway extends McpServingGateway {
  readonly gatewayUrl: string;
  readonly keySecret: secretsmanager.ISecret;
  readonly grantPrincipal: iam.IPrincipal;
  /** The role of its pods. */
  readonly role: PodRole;

  private readonly told: Record<string, string> = {};

  constructor(scope: Construct, id: string, props: PodGatewayProps) {
    super(scope, id, props);
    this.gatewayUrl = props.publicUrl;
    this.role = new PodRole(this, 'Role', { cluster: props.cluster, namespace: props.namespace, serviceAccount: props.serviceAccount });
    this.grantPrincipal = this.role;
    this.keySecret = this._createKeySecret(props);
    this._grantWhatItNeeds(props, this.keySecret);
    const environment = this._sharedEnvironment(props);
    Object.assign(this.told, { AWS_REGION: Stack.of(this).region, ...environment, ...this._servingEnvironment(props, this.keySecret) });
    if (props.traceExport) {
      Object.assign(this.told, props.traceExport._environment(this, 'mcp-gateway'));
      props.traceExport._letSend(this);
    }
    if (props.accessGrants && !props._grantsPlace) throw new Error('accessGrants is given, and givenCluster.grantsApi is missing: approvers need an API where they are asked');
    if (props._grantsPlace) this._serveGrants(props, { ...props._grantsPlace, environment });
    if (props.registry) this.told[Variable.DISCOVERY_MINUTES] = `${discoveryMinutes(props.registry.rescanInterval)}`;
    if (!props.logGroup) return;
    addAuditMetrics(props.logGroup, this.metricNamespace);
    addLatencyMetric(props.logGroup, this.metricNamespace);
    if (props.registry) addDiscoveryMetrics(props.logGroup, props.registry.metricNamespace);
    this.auditLogGroups.push(props.logGroup);
  }

  /** Tells its code something more. */
  addEnvironment(name: string, value: string): void {
    this.told[name] = value;
  }

  /**
   * What its code is told, and manifests do not say by themselves.
   *
   * @internal
   */
  _environment(): { [name: string]: string } {
    return Object.fromEntries(Object.entries(this.told).filter(([name]) => !BY_MANIFESTS.includes(name)));
  }

  /**
   * Its own pods ask, from where they serve: nothing else reaches a server's.
   *
   * @internal
   */
  protected override _register(): void {}

  /** @internal */
  protected _decidingRoles(): readonly iam.IRole[] {
    return [this.role];
  }

  /** @internal */
  protected _tell(name: string, value: string): void {
    this.addEnvironment(name, value);
  }

  /** @internal */
  protected _tellServing(name: string, value: string): void {
    this.addEnvironment(name, value);
  }
}
