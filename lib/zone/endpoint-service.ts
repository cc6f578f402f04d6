import { InterfaceVpcEndpointAwsService } from 'aws-cdk-lib/aws-ec2';
import type { IInterfaceVpcEndpointService } from 'aws-cdk-lib/aws-ec2';

/**
 * An AWS service that workloads of a zone may use through an interface endpoint. Endpoints have addresses of the zone, so that neither a
 * security group nor a network ACL needs a way out for them; gateway endpoints would need one to the public addresses of S3 and DynamoDB.
 */
export class ZoneService {
  /** Amazon ECR, for what a task starts from. */
  static readonly ECR = ZoneService.of('ecr-api', InterfaceVpcEndpointAwsService.ECR, ['api.ecr']);
  /** The registry of Amazon ECR, which Docker clients speak to. Names of registries are allowed with it. */
  static readonly ECR_DOCKER = ZoneService.of('ecr-dkr', InterfaceVpcEndpointAwsService.ECR_DOCKER, []);
  /** Amazon S3. Names of buckets are allowed one by one. */
  static readonly S3 = ZoneService.of('s3', InterfaceVpcEndpointAwsService.S3, []);
  /** Amazon DynamoDB, whose interface endpoints have names of their own only: clients need `zone.endpointUrl()`. */
  static readonly DYNAMODB = new ZoneService('dynamodb', InterfaceVpcEndpointAwsService.DYNAMODB, [], false);
  static readonly CLOUDWATCH_LOGS = ZoneService.of('logs', InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS, ['logs']);
  static readonly CLOUDWATCH = ZoneService.of('monitoring', InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING, ['monitoring']);
  static readonly XRAY = ZoneService.of('xray', InterfaceVpcEndpointAwsService.XRAY, ['xray']);
  static readonly KMS = ZoneService.of('kms', InterfaceVpcEndpointAwsService.KMS, ['kms']);
  static readonly SECRETS_MANAGER = ZoneService.of('secretsmanager', InterfaceVpcEndpointAwsService.SECRETS_MANAGER, ['secretsmanager']);
  static readonly STS = ZoneService.of('sts', InterfaceVpcEndpointAwsService.STS, ['sts']);
  /** Where agents of Amazon GuardDuty send what they see. */
  static readonly GUARDDUTY = ZoneService.of('guardduty-data', InterfaceVpcEndpointAwsService.GUARDDUTY_DATA, ['guardduty-data']);
  static readonly VERIFIED_PERMISSIONS = ZoneService.of('verifiedpermissions', InterfaceVpcEndpointAwsService.VERIFIED_PERMISSIONS, ['verifiedpermissions']);

  /**
   * Another service.
   *
   * @param name short name, unique in a zone
   * @param service its endpoint service
   * @param hostPrefixes what stands before `.<region>.amazonaws.com` in the names that its clients look up
   */
  static of(name: string, service: IInterfaceVpcEndpointService, hostPrefixes: string[]): ZoneService {
    return new ZoneService(name, service, hostPrefixes);
  }

  private constructor(
    /** Short name, unique in a zone. */
    readonly name: string,
    /** The endpoint service. */
    readonly service: IInterfaceVpcEndpointService,
    /** What stands before `.<region>.amazonaws.com` in the names that its clients look up. */
    readonly hostPrefixes: string[],
    /** Whether the service's usual names lead to the endpoint. */
    readonly privateDns: boolean = true,
  ) {}
}
