import { AspectPriority, Aspects, Stack, Tokenization } from 'aws-cdk-lib';
import type { ITokenResolver, RemovalPolicy } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { IConstruct } from 'constructs';
import { addAuditMetrics, addLatencyMetric } from '../gateway/audit-metrics';
import { Variable } from '../gateway/environment';
import type { McpGateway } from '../gateway';
import { FargateServer, ZoneBalancer } from '../zone';
import { LatticeService } from './lattice-service';
import type { LatticeServiceOptions } from './lattice-service';
import type { ContainerOptions, SecurityZone, ZoneWorkload } from '../zone';

/** The gateway as tasks in the zone. */
export interface ContainerGatewayOptions extends ContainerOptions {
  /**
   * Name of the gateway below the zone's domain, where clients reach it: `https://<gatewayName>.<domainName>/mcp/<server>`.
   *
   * @default 'gateway'
   */
  readonly gatewayName?: string;

  /**
   * Addresses of clients in networks that are connected to the zone's VPC.
   *
   * @default - none
   */
  readonly clientCidrs?: string[];
}

export interface ContainerGatewayProps extends ContainerGatewayOptions {
  readonly zone: SecurityZone;
  /** The gateway whose servers and policies it serves. */
  readonly gateway: McpGateway;
  /** The place of both in the zone. */
  readonly workload: ZoneWorkload;
  readonly cluster: ecs.ICluster;
  /** @default - the agent of Amazon GuardDuty has no way in */
  readonly guardDutyAgent?: ecr.IRepository;
  readonly domainName: string;
  readonly hostedZone: route53.IHostedZone;
  readonly certificate: acm.ICertificate;
  readonly logBucket: s3.IBucket;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

const PORT = 8443;

/** Finds out what a value is that is known only now, and nothing that is in it. */
const OUTERMOST: ITokenResolver = { resolveToken: (token, context) => token.resolve(context), resolveString: (fragments) => fragments, resolveList: (list) => list };

/**
 * The gateway as tasks in the zone, behind an entrance of its own: for clients in connected networks, for streams that last longer than a
 * function may run, and for servers that are called all the time. It is the proxy function's code with the proxy function's environment and
 * role, so that both serve the same sessions and take the same decisions; without an authorizer in front, it asks itself who is calling.
 */
export class ContainerGateway extends Construct {
  /** Where clients reach it; a server is at `<gatewayUrl>/mcp/<name>`. Tokens are for that URL. */
  readonly gatewayUrl: string;
  /** The load balancer that clients connect to. */
  readonly entrance: ZoneBalancer;
  readonly tasks: FargateServer;

  private readonly props: ContainerGatewayProps;

  constructor(scope: Construct, id: string, props: ContainerGatewayProps) {
    super(scope, id);
    this.props = props;
    const { zone, workload, gateway, gatewayName = 'gateway', clientCidrs = [], domainName, hostedZone, ...rest } = props;
    this.gatewayUrl = `https://${gatewayName}.${domainName}`;
    const proxy = proxyOf(gateway);
    this.tasks = new FargateServer(this, 'Tasks', { cpu: 1024, memoryLimitMiB: 2048, ...rest, zone, workload, port: PORT, taskRole: roleOf(this, proxy) });
    this.tellWhatIsTold(proxy);
    addAuditMetrics(this.tasks.logGroup, gateway.metricNamespace);
    addLatencyMetric(this.tasks.logGroup, gateway.metricNamespace);

    this.entrance = new ZoneBalancer(this, 'Entrance', { zone, domainName, certificate: props.certificate, logBucket: props.logBucket, name: 'entrance', record: { hostedZone, recordName: gatewayName } });
    this.entrance._withoutWebAcl('whoever connects has to be in a declared network, and the gateway asks for a token, limits and validates by itself; entrance.addWebAcl() puts one in front');
    this.entrance.addTarget(gatewayName, {
      workload,
      target: this.tasks.loadBalancerTarget(),
      port: PORT,
      protocol: elbv2.ApplicationProtocol.HTTPS,
      healthCheckPath: '/readyz',
      healthyCodes: '200',
    });
    zone.allowClients(this.entrance.workload, 443, clientCidrs);
  }

  /**
   * Makes the gateway a service of Amazon VPC Lattice, besides what reaches it otherwise.
   *
   * @param options who may call
   */
  addLatticeService(options: LatticeServiceOptions): LatticeService {
    const { zone, certificate } = this.props;
    return new LatticeService(this, 'Lattice', {
      ...options,
      zone,
      hostName: this.gatewayUrl.replace('https://', ''),
      certificate,
      loadBalancer: this.entrance.loadBalancer,
      workload: this.entrance.workload,
      logGroup: zone.deliveredLogGroup('Lattice'),
    });
  }

  /** Servers are added to the gateway until the template is written, and each may add to what the proxy is told. */
  private tellWhatIsTold(proxy: lambda.Function): void {
    const resource = proxy.node.defaultChild as lambda.CfnFunction;
    Aspects.of(this).add({
      visit: (node: IConstruct) => {
        if (node !== this) return;
        // References stay what they are: one to another stack is made where it is used.
        const { variables } = Tokenization.resolve(resource.environment, { scope: this, preparing: false, resolver: OUTERMOST }) as { readonly variables: Readonly<Record<string, string>> };
        for (const [name, value] of Object.entries({ ...variables, [Variable.PUBLIC_URL]: this.gatewayUrl })) this.tasks.container.addEnvironment(name, value);
      },
    }, { priority: AspectPriority.MUTATING });
  }
}

/** The function that serves the gateway's requests. */
export function proxyOf(gateway: McpGateway): lambda.Function {
  return (gateway.node.findChild('Proxy') as IConstruct & { readonly function: lambda.Function }).function;
}

/** The role of the proxy function, which tasks of this account may take on too: grants to the gateway are grants to both. */
function roleOf(scope: Construct, proxy: lambda.Function): iam.Role {
  const role = proxy.role as iam.Role;
  role.assumeRolePolicy!.addStatements(new iam.PolicyStatement({
    principals: [new iam.ServicePrincipal('ecs-tasks.amazonaws.com')],
    actions: ['sts:AssumeRole'],
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
  }));
  return role;
}
