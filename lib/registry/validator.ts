import { CustomResource, Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { GatewayFunction } from '../gateway/function';
import { functionCode } from '../private/bundle';
import { letLogsUse } from '../private/log-key';
import type { RegisteredServerOptions } from './registry-props';

/** From which verdict on a definition a deployment fails. */
export enum FailDeploymentOn {
  /** A definition that the detector rejects. */
  REJECT = 'reject',
  /** Also a definition that the detector would have a person look at. */
  REVIEW = 'review',
}

/** Properties for a validator of tool descriptions. */
export interface ToolDescriptionValidatorProps {
  /**
   * Network of the validator, for servers that only it reaches. It also needs a way to CloudFormation's answers in Amazon S3.
   *
   * @default - not in a VPC
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Subnets of the validator.
   *
   * @default - the private subnets of `vpc`
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups of the validator.
   *
   * @default - one that allows connections to anywhere over HTTPS
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Key that encrypts the logs.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How long logs are kept.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to key and logs when the validator is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A server to validate. */
export interface ValidateServerOptions extends RegisteredServerOptions {
  /**
   * From which verdict on the deployment fails.
   *
   * @default FailDeploymentOn.REJECT
   */
  readonly failOn?: FailDeploymentOn;

  /**
   * A text whose change has the server validated again, such as the commit or the image that is deployed. CloudFormation asks
   * only when something of the resource changes.
   *
   * @default - the server is validated when it is added and when its address changes
   */
  readonly revision?: string;
}

/**
 * Fails a deployment whose MCP server offers poisoned tools (TD-1, TD-2): a function that asks the server for its tools and
 * instructions and judges them with the detector, as a custom resource of CloudFormation. Works without a gateway or registry.
 *
 * @example
 * const validator = new ToolDescriptionValidator(this, 'Validator');
 * const validation = validator.validateServer('files', { url: 'https://files.example.com/mcp', revision: imageTag });
 * validation.node.addDependency(filesService);
 */
export class ToolDescriptionValidator extends Construct implements ec2.IConnectable {
  /** Network connections of the validator; it has some only in a VPC. */
  readonly connections: ec2.Connections;

  private readonly validator: GatewayFunction;

  constructor(scope: Construct, id: string, props: ToolDescriptionValidatorProps = {}) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const encryptionKey = props.encryptionKey ?? new kms.Key(this, 'Key', { description: 'Logs of the validator of MCP tools', enableKeyRotation: true, removalPolicy });
    letLogsUse(encryptionKey);
    const securityGroups = this.securityGroups(props);
    this.connections = new ec2.Connections({ securityGroups });
    this.validator = new GatewayFunction(this, 'Function', {
      description: 'Fails deployments of MCP servers with poisoned tools',
      code: functionCode('validate-descriptions'),
      environment: {},
      timeout: Duration.minutes(5),
      memorySize: 512,
      encryptionKey,
      removalPolicy,
      logRetention: props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups,
      whyUnreserved: 'each deployment has it ask one server after the other',
      whyNoDeadLetterQueue: 'CloudFormation waits for the answer of each request and fails the deployment without one',
    });
  }

  /**
   * Validates what a server offers when the stack is deployed. Make it depend on what has to run before the server answers.
   *
   * @param name name of the server, for the findings
   * @param options where it is
   */
  validateServer(name: string, options: ValidateServerOptions): CustomResource {
    const { url, headersSecret, unsafeAllowPlainHttp = false, failOn = FailDeploymentOn.REJECT, revision } = options;
    if (!Token.isUnresolved(url) && !/^https:/.test(url) && !unsafeAllowPlainHttp) throw new Error(`the url of the MCP server ${JSON.stringify(name)} is ${JSON.stringify(url)}, expected an https URL`);
    const grant = headersSecret?.grantRead(this.validator.function);
    const validation = new CustomResource(this, name, {
      resourceType: 'Custom::McpToolValidation',
      serviceToken: this.validator.function.functionArn,
      properties: { ServerName: name, Url: url, HeadersSecretArn: headersSecret?.secretArn, UnsafeAllowPlainHttp: unsafeAllowPlainHttp || undefined, FailOn: failOn, Revision: revision },
      serviceTimeout: Duration.minutes(6),
    });
    grant?.applyBefore(validation);
    return validation;
  }

  private securityGroups({ vpc, securityGroups }: ToolDescriptionValidatorProps): ec2.ISecurityGroup[] | undefined {
    if (!vpc || securityGroups) return securityGroups;
    const group = new ec2.SecurityGroup(this, 'SecurityGroup', { vpc, description: 'Asks MCP servers for their tools', allowAllOutbound: false });
    group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'MCP servers and AWS endpoints over TLS');
    return [group];
  }
}
