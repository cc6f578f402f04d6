import { Annotations, Duration, Tags, Token } from 'aws-cdk-lib';
import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { ZoneService } from './endpoint-service';
import type { SecurityZone } from './security-zone';
import type { ZoneWorkload } from './workload';

/** A container in a zone. */
export interface ContainerOptions {
  /** Repository of the image, in this account and region. Images in it should be scanned on push (CON-5). */
  readonly repository: ecr.IRepository;

  /** Digest of the image, `sha256:` and 64 hexadecimal digits. A tag can be moved to another image, a digest cannot (SC-1). */
  readonly imageDigest: string;

  /**
   * CPU units of the task (CON-3, MUL-4): 256 is a quarter of a virtual processor.
   *
   * @default 256
   */
  readonly cpu?: number;

  /**
   * Memory of the task in MiB (CON-3, MUL-4).
   *
   * @default 512
   */
  readonly memoryLimitMiB?: number;

  /**
   * Processor architecture of the image.
   *
   * @default ecs.CpuArchitecture.ARM64
   */
  readonly cpuArchitecture?: ecs.CpuArchitecture;

  /**
   * How many tasks run (TBL-1).
   *
   * @default 2
   */
  readonly desiredCount?: number;

  /**
   * Environment variables. Secrets belong in `secrets`.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Environment variables whose values are secrets (ENT-4, MUL-3).
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: secretsmanager.ISecret };

  /**
   * Command of the container.
   *
   * @default - the image's own
   */
  readonly command?: string[];

  /**
   * User and group that the container runs as, numbers. Root is refused.
   *
   * @default '65532:65532'
   */
  readonly user?: string;

  /**
   * Folders that the container may write to; the rest of its file system is read-only (CON-1). What is written is lost when the task
   * ends. The image must declare each as a `VOLUME` that its user owns.
   *
   * @default - none
   */
  readonly writablePaths?: string[];

  /**
   * Let the container write everywhere in its own file system.
   *
   * @default false
   */
  readonly unsafeWritableRoot?: boolean;
}

export interface FargateServerProps extends ContainerOptions {
  readonly zone: SecurityZone;
  readonly workload: ZoneWorkload;
  readonly cluster: ecs.ICluster;
  readonly port: number;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  /**
   * Repository of the agent of Amazon GuardDuty, which GuardDuty puts beside the container.
   *
   * @default - the agent has no way in
   */
  readonly guardDutyAgent?: ecr.IRepository;
  /**
   * What the code of the container may do in AWS.
   *
   * @default - a new role that may do nothing
   */
  readonly taskRole?: iam.Role;
}

const CONTAINER = 'server';

/**
 * A service of AWS Fargate with as little as a container can have (CON-1..3, PUB-3..5): read-only root, no capabilities, not root, an image
 * by digest, a role that may do nothing yet, no public address, no remote shell.
 */
export class FargateServer extends Construct implements iam.IGrantable {
  readonly service: ecs.FargateService;
  /** What the server's own code may do in AWS: nothing, until it is granted. */
  readonly grantPrincipal: iam.IPrincipal;
  readonly taskRole: iam.Role;
  /** What the container writes. */
  readonly logGroup: logs.LogGroup;
  /** The container's definition. */
  readonly container: ecs.ContainerDefinition;

  private readonly port: number;

  constructor(scope: Construct, id: string, props: FargateServerProps) {
    super(scope, id);
    assertDigest(props);
    assertUser(props);
    warnOfImage(this, props);
    this.port = props.port;
    const { zone, workload, repository } = props;
    this.logGroup = new logs.LogGroup(this, 'Logs', { encryptionKey: props.encryptionKey, retention: props.logRetention, removalPolicy: props.removalPolicy });
    const { logGroup } = this;
    const tasks = new iam.ServicePrincipal('ecs-tasks.amazonaws.com');
    this.taskRole = props.taskRole ?? new iam.Role(this, 'TaskRole', { assumedBy: tasks, description: `What ${workload.workloadName} may do in AWS` });
    this.grantPrincipal = this.taskRole;
    const executionRole = new iam.Role(this, 'ExecutionRole', { assumedBy: tasks, description: `Starts the tasks of ${workload.workloadName}` });
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: props.cpu ?? 256,
      memoryLimitMiB: props.memoryLimitMiB ?? 512,
      runtimePlatform: { cpuArchitecture: props.cpuArchitecture ?? ecs.CpuArchitecture.ARM64, operatingSystemFamily: ecs.OperatingSystemFamily.LINUX },
      taskRole: this.taskRole,
      executionRole,
    });
    this.container = this.addContainer(task, props, logGroup);
    repository.grantPull(executionRole);
    logGroup.grantWrite(executionRole);
    zone.allowTaskStart(workload, repository.repositoryArn, logGroup.logGroupArn);
    if (props.guardDutyAgent) this.letGuardDutyIn(props.guardDutyAgent, executionRole, props);
    for (const secret of Object.values(props.secrets ?? {})) {
      zone.allowService(workload, ZoneService.SECRETS_MANAGER, { actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] });
    }
    this.service = new ecs.FargateService(this, 'Service', {
      cluster: props.cluster,
      taskDefinition: task,
      desiredCount: props.desiredCount ?? 2,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      assignPublicIp: false,
      enableExecuteCommand: false,
      platformVersion: ecs.FargatePlatformVersion.LATEST,
      vpcSubnets: workload.vpcSubnets,
      securityGroups: [workload.securityGroup],
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      healthCheckGracePeriod: Duration.seconds(60),
    });
    // `mcp-zero-trust verify network` calls these the servers.
    Tags.of(this.service).add('mcp-zero-trust:role', 'server', { includeResourceTypes: ['AWS::ECS::Service'] });
    // A task that starts before its endpoints and routes are there finds no image.
    this.service.node.addDependency(workload.readiness);
    this.acknowledgeFindings();
  }

  /** The container's port, for a target group. */
  loadBalancerTarget(): ecs.IEcsLoadBalancerTarget {
    return this.service.loadBalancerTarget({ containerName: CONTAINER, containerPort: this.port });
  }

  private addContainer(task: ecs.FargateTaskDefinition, props: FargateServerProps, logGroup: logs.ILogGroup): ecs.ContainerDefinition {
    const linuxParameters = new ecs.LinuxParameters(this, 'LinuxParameters', { initProcessEnabled: true });
    linuxParameters.dropCapabilities(ecs.Capability.ALL);
    const container = task.addContainer(CONTAINER, {
      image: ecs.ContainerImage.fromEcrRepository(props.repository, props.imageDigest),
      command: props.command,
      environment: props.environment,
      secrets: Object.fromEntries(Object.entries(props.secrets ?? {}).map(([name, secret]) => [name, ecs.Secret.fromSecretsManager(secret)])),
      user: props.user ?? '65532:65532',
      privileged: false,
      readonlyRootFilesystem: !props.unsafeWritableRoot,
      linuxParameters,
      portMappings: [{ containerPort: props.port }],
      ulimits: [{ name: ecs.UlimitName.NOFILE, softLimit: 4096, hardLimit: 4096 }],
      logging: ecs.LogDriver.awsLogs({ logGroup, streamPrefix: props.workload.workloadName }),
      stopTimeout: Duration.seconds(60),
    });
    (props.writablePaths ?? []).forEach((containerPath, index) => {
      const name = `writable${index + 1}`;
      task.addVolume({ name });
      container.addMountPoints({ containerPath, sourceVolume: name, readOnly: false });
    });
    return container;
  }

  /** Its image comes, and what it sees goes, by endpoints of the zone. */
  private letGuardDutyIn(agent: ecr.IRepository, executionRole: iam.Role, { zone, workload }: FargateServerProps): void {
    agent.grantPull(executionRole);
    zone.allowImagePull(workload, agent.repositoryArn, agent.env.account);
    zone.allowService(workload, ZoneService.GUARDDUTY, { actions: ['guardduty:SendSecurityTelemetry'], resources: ['*'] });
  }

  private acknowledgeFindings(): void {
    acknowledge(this, {
      'AwsSolutions-IAM5[Resource::*]': 'ecr:GetAuthorizationToken knows no resources; every other statement names its own',
      'NIST.800.53.R5-IAMNoInlinePolicy': 'each policy is part of one role of one service and lives and dies with it',
      'AwsSolutions-ECS2': 'environment variables configure the server and hold no secrets, which come from AWS Secrets Manager',
    });
  }
}

function assertDigest({ imageDigest, workload }: FargateServerProps): void {
  if (Token.isUnresolved(imageDigest) || /^sha256:[0-9a-f]{64}$/.test(imageDigest)) return;
  throw new Error(`the image of ${JSON.stringify(workload.workloadName)} is ${JSON.stringify(imageDigest)}, expected a digest: "sha256:" and 64 hexadecimal digits`);
}

function assertUser({ user = '65532:65532', workload }: FargateServerProps): void {
  const [uid, gid] = user.split(':').map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  if (uid! > 0 && gid! > 0) return;
  throw new Error(`the user of ${JSON.stringify(workload.workloadName)} is ${JSON.stringify(user)}, expected numbers of a user and a group other than root: "65532:65532"`);
}

function warnOfImage(scope: Construct, { repository, workload, unsafeWritableRoot }: FargateServerProps): void {
  const warn = (id: string, text: string) => Annotations.of(scope).addWarningV2(`cdk-mcp-zero-trust:${id}`, text);
  if (unsafeWritableRoot) warn('writableRoot', `the container of ${JSON.stringify(workload.workloadName)} may write everywhere in its file system`);
  const resource = repository.node.defaultChild as ecr.CfnRepository | undefined;
  const scanning = resource?.imageScanningConfiguration as ecr.CfnRepository.ImageScanningConfigurationProperty | undefined;
  if (resource && scanning?.scanOnPush !== true) warn('imageNotScanned', `images of ${JSON.stringify(workload.workloadName)} are not scanned when they are pushed: set imageScanOnPush of the repository`);
}
