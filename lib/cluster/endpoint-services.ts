import { InterfaceVpcEndpointAwsService } from 'aws-cdk-lib/aws-ec2';
import { ZoneService } from '../zone';

/** What nodes and the functions of a cluster reach in AWS, besides what any workload of a zone does. */
export const ClusterService = {
  EC2: ZoneService.of('ec2', InterfaceVpcEndpointAwsService.EC2, ['ec2']),
  EKS: ZoneService.of('eks', InterfaceVpcEndpointAwsService.EKS, ['eks']),
  /** Its name is `eks-auth.<region>.api.aws`, which is allowed with its use. */
  EKS_AUTH: ZoneService.of('eks-auth', InterfaceVpcEndpointAwsService.EKS_AUTH, []),
  LAMBDA: ZoneService.of('lambda', InterfaceVpcEndpointAwsService.LAMBDA, ['lambda']),
} as const;
