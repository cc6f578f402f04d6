import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { BlockList } from '../access-grants';
import type { AccessGrants, BlockListProps } from '../access-grants';
import type { McpServingGateway } from '../gateway';
import type { IToolRegistry, ToolRegistry } from '../registry';
import { LogArchive, SecurityZone, ZoneBalancer, ZoneService, ZoneTier } from '../zone';
import type { ZoneEgressProps, ZoneWorkload } from '../zone';
import { DECIDE, READ_SECRET } from './permissions-boundary';

export interface ZoneFoundationProps {
  readonly cidr?: string;
  readonly maxAzs?: number;
  readonly egress?: ZoneEgressProps;
  readonly logRetention: logs.RetentionDays;
  readonly encryptionKey?: kms.IKey;
  /** Domain of the names of the load balancer. */
  readonly domainName: string;
  readonly certificate: acm.ICertificate;
}

/** What models in a zone of their own have in common. */
export interface ZoneFoundation {
  /** The key of everything in the zone. */
  readonly encryptionKey: kms.IKey;
  readonly zone: SecurityZone;
  /** Records that nobody in the zone can rewrite. */
  readonly logArchive: LogArchive;
  /** The internal load balancer, with TLS 1.3. */
  readonly balancer: ZoneBalancer;
}

/** A key, a network, an archive and a load balancer that nothing else shares. */
export function layFoundation(scope: Construct, props: ZoneFoundationProps): ZoneFoundation {
  const { cidr, maxAzs, egress, logRetention, domainName, certificate } = props;
  const encryptionKey = props.encryptionKey ?? new kms.Key(scope, 'Key', { description: 'Everything in an MCP security zone', enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
  const zone = new SecurityZone(scope, 'Zone', { cidr, maxAzs, egress, encryptionKey, logRetention });
  const logArchive = new LogArchive(scope, 'LogArchive', { encryptionKey, retention: Duration.days(logRetention) });
  logArchive.addFlowLog(zone.vpc);
  const balancer = new ZoneBalancer(scope, 'Balancer', { zone, domainName, certificate, logBucket: logArchive.accessLogs });
  return { encryptionKey, zone, logArchive, balancer };
}

/** Where the code of a gateway runs in a zone, and how it is told something more. */
export interface GatewayPlace {
  readonly zone: SecurityZone;
  readonly workload: ZoneWorkload;
  readonly registry?: IToolRegistry;
  readonly tell: (name: string, value: string) => void;
}

/** Lets a gateway in a zone reach what it decides by: its policies, its secret, and of the registry its table and its public key. */
export function letDecideInZone(gateway: McpServingGateway, { zone, workload, registry, tell }: GatewayPlace): void {
  zone.allowService(workload, ZoneService.VERIFIED_PERMISSIONS, { actions: DECIDE, resources: [gateway.policyStore.policyStoreArn] });
  zone.allowService(workload, ZoneService.SECRETS_MANAGER, { actions: READ_SECRET, resources: [gateway.keySecret.secretArn] });
  if (!registry) return;
  zone.allowService(workload, ZoneService.DYNAMODB, { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'], resources: [registry.tableArn] });
  zone.allowService(workload, ZoneService.KMS, { actions: ['kms:GetPublicKey'], resources: [registry.signingKeyArn] });
  tell('AWS_ENDPOINT_URL_DYNAMODB', zone.endpointUrl(ZoneService.DYNAMODB));
}

/**
 * Lets a registry ask the servers of a zone what they offer, from inside: the function that does has a place of its own, from which it reaches the load balancer of the
 * servers and Amazon DynamoDB, and nothing reaches it.
 */
export function letDiscoverInZone(registry: ToolRegistry, { zone, balancer }: Pick<ZoneFoundation, 'zone' | 'balancer'>): ZoneWorkload {
  const workload = zone.addServer('discovery', { tier: ZoneTier.FRONT });
  zone.connectServers(workload, balancer.workload, 443);
  zone.allowService(workload, ZoneService.DYNAMODB, { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'], resources: [registry.tableArn] });
  registry._askFrom({ vpcSubnets: workload.vpcSubnets, securityGroup: workload.securityGroup, dynamoDbUrl: zone.endpointUrl(ZoneService.DYNAMODB) });
  return workload;
}

/** Lets a gateway in a zone use and ask for just-in-time grants, and read whom the kill switch blocks, through an endpoint. */
export function letUseGrantsInZone({ tableArn }: AccessGrants, { zone, workload, tell }: GatewayPlace): void {
  zone.allowService(workload, ZoneService.DYNAMODB, { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'], resources: [tableArn] });
  tell('AWS_ENDPOINT_URL_DYNAMODB', zone.endpointUrl(ZoneService.DYNAMODB));
}

/** Lets the response to incidents block who calls a gateway in a zone, which reads the list through an endpoint. */
export function letBlockInZone(scope: Construct, gateway: McpServingGateway, { zone, workload, tell }: GatewayPlace, props: BlockListProps): BlockList {
  const blockList = new BlockList(scope, 'BlockList', props);
  gateway._obey(blockList);
  zone.allowService(workload, ZoneService.DYNAMODB, { actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [blockList.tableArn] });
  tell('AWS_ENDPOINT_URL_DYNAMODB', zone.endpointUrl(ZoneService.DYNAMODB));
  return blockList;
}
