import { App, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AccessGrants, ClusterResponder, ContainmentAction, IncidentKind, IncidentResponse, IncidentSeverity, McpGateway, PolicyStore, ToolRegistry } from '../../lib';
import { readPlanSettings } from '../../lambda/deployment/response-settings';
import { isNear } from '../../lambda/response';
import { expectNoFinding, validatedApp, validateTemplates } from './validated-app';

validateTemplates();

describe('the response to incidents', () => {
  let template: Template;
  let stack: Stack;
  let app: App;

  beforeAll(() => {
    app = validatedApp(addResponse);
    template = Template.fromStack(stack);
  });

  function addResponse(scope: App): void {
    stack = new Stack(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const registry = new ToolRegistry(stack, 'Tools');
    const accessGrants = new AccessGrants(stack, 'Grants', { signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'approvals' } });
    const gateway = new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }], registry, accessGrants });
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-11111111', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-11111111'], privateSubnetRouteTableIds: ['rtb-11111111'] });
    const clusterGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'ClusterGroup', 'sg-11111111', { mutable: false });
    const cluster = eks.Cluster.fromClusterAttributes(stack, 'Cluster', { clusterName: 'mcp', clusterEndpoint: 'https://mcp.eks.example.com', clusterCertificateAuthorityData: 'Q0E=', vpc });
    const response = new IncidentResponse(stack, 'Response', {
      registry, accessGrants, vpc, webAcl: gateway.webAcl,
      clusterResponder: new ClusterResponder(stack, 'ClusterResponder', { cluster, vpcSubnets: { subnets: vpc.privateSubnets }, securityGroups: [clusterGroup], encryptionKey: gateway.encryptionKey }),
      automaticFrom: IncidentSeverity.MEDIUM,
      approvalFor: [ContainmentAction.STOP_WORKLOAD, ContainmentAction.ISOLATE_WORKLOAD],
      protectedSubjects: ['address 192.0.2.1'],
    });
    const tasks = ecs.Cluster.fromClusterAttributes(stack, 'Tasks', { clusterName: 'zone', vpc });
    const service = ecs.FargateService.fromFargateServiceAttributes(stack, 'Service', { cluster: tasks, serviceName: 'files' });
    const logOf = (name: string) => logs.LogGroup.fromLogGroupName(stack, `Log-${name}`, name);
    response.addEcsService('files', service as ecs.FargateService, logOf('/files'));
    response.addDeployment('memory', 'mcp-memory', 'memory', logOf('/pods'));
    response.watchEksCluster('mcp');
    response.addAuditLog(logOf('/gateway'));
    response.addAlarm(cloudwatch.Alarm.fromAlarmArn(stack, 'Drops', 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:Drops'), { kind: IncidentKind.SERVER_COMPROMISE, server: 'files' });
    const person = new iam.Role(stack, 'Person', { assumedBy: new iam.AccountRootPrincipal() });
    response.grantRespond(person);
    Validations.of(person).acknowledge({ id: 'NIST.800.53.R5-IAMNoInlinePolicy', reason: 'a person of this test' });
  }

  test('TBL-2 is clean under all rules, without a warning', () => {
    expectNoFinding(app, stack);
  });

  /** What the role of a function is allowed, by the function's description. */
  function allowed(description: RegExp): string[] {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const found = functions.filter(({ Properties }) => description.test(Properties.Description ?? ''));
    expect(found).toHaveLength(1);
    const role = found[0]!.Properties.Role['Fn::GetAtt'][0] as string;
    return Object.values(template.findResources('AWS::IAM::Policy'))
      .filter(({ Properties }) => Properties.Roles.some((one: { Ref: string }) => one.Ref === role))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement.flatMap(({ Action }: any) => Action) as string[])
      .filter((action) => !/^(dynamodb|kms|logs|xray):|NetworkInterface|PrivateIp|Subnets/.test(action))
      .sort();
  }

  test('IR-2 each function has the right to its own action, and to no other', () => {
    expect(allowed(/^Quarantines MCP tools/)).toEqual(['states:SendTaskSuccess']);
    expect(allowed(/^Blocks principals/)).toEqual([]);
    expect(allowed(/^Blocks addresses/)).toEqual(['wafv2:GetIPSet', 'wafv2:UpdateIPSet']);
    expect(allowed(/^Cuts off and stops services/)).toEqual(['ecs:DescribeServices', 'ecs:UpdateService']);
    expect(allowed(/^Cuts off and stops Deployments/)).toEqual(['lambda:InvokeFunction']);
    expect(allowed(/^Reaches the API of a cluster/)).toEqual([]);
    expect(allowed(/^Keeps copies/)).toEqual([
      'cloudtrail:LookupEvents', 'ec2:CreateSnapshots', 'ec2:CreateSnapshots', 'ec2:CreateSnapshots', 'ec2:CreateTags', 'ec2:DescribeInstances', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSnapshots', 'ec2:LockSnapshot',
      'ecs:DescribeServices', 'ecs:DescribeTaskDefinition', 'ecs:DescribeTasks', 'ecs:ListTasks', 'lambda:InvokeFunction', 's3:PutObject',
    ]);
    expect(allowed(/^Tells the responders/)).toEqual(['sns:Publish']);
    expect(allowed(/^Takes incidents on/)).toEqual([]);
    expect(allowed(/^Takes the word of people on incidents/)).toEqual(['states:SendTaskSuccess', 'states:StartExecution']);
  });

  /** What the role of a function may do by an action, and where. */
  function statementsOf(description: RegExp, action: string): any[] {
    const [found] = Object.values(template.findResources('AWS::Lambda::Function')).filter(({ Properties }) => description.test(Properties.Description ?? ''));
    const role = found!.Properties.Role['Fn::GetAtt'][0] as string;
    return Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) => Properties.Roles.some((one: { Ref: string }) => one.Ref === role))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement).filter(({ Action }: any) => [Action].flat().includes(action));
  }

  test('IR-2 LOG-4 disks are copied of the nodes of this cluster alone, each copy for an incident, and none can be deleted or shown to anybody', () => {
    const copying = statementsOf(/^Keeps copies/, 'ec2:CreateSnapshots');
    expect(copying.map(({ Resource, Condition }) => [JSON.stringify(Resource).replace(/.*:/, ''), Condition])).toEqual([
      ['instance/*"', { StringEquals: { 'aws:ResourceTag/eks:cluster-name': 'mcp' } }],
      ['volume/*"', undefined],
      ['snapshot/*"', { Null: { 'aws:RequestTag/mcp-zero-trust:incident': 'false' } }],
    ]);
    expect(JSON.stringify(template.toJSON())).not.toMatch(/ec2:(DeleteSnapshot|ModifySnapshotAttribute|UnlockSnapshot)/);
  });

  test('IR-2 evidence is read where the gateway and the servers write, and nowhere else', () => {
    const reading = statementsOf(/^Keeps copies/, 'logs:FilterLogEvents');
    expect(JSON.stringify(reading.map(({ Resource }) => Resource.map((arn: string) => /log-group:\/(.*):\*$/.exec(arn)?.[1])))).toBe('[["files","gateway","pods"]]');
    const evidence = Object.values(template.findResources('AWS::Lambda::Function')).find(({ Properties }) => /^Keeps copies/.test(Properties.Description ?? ''))!.Properties;
    expect(JSON.parse(evidence.Environment.Variables.MCP_RESPONSE_EVIDENCE)).toEqual({
      auditLogs: ['/gateway'], diskLockDays: 365,
      lines: { files: { logGroup: '/files' }, memory: { logGroup: '/pods', filterPattern: '{ $.kubernetes.namespace_name = "mcp-memory" }' } },
    });
  });

  test('SOC-3 reported incidents, the registry, GuardDuty and alarms begin a response, and none of their events is lost', () => {
    const rules = Object.values(template.findResources('AWS::Events::Rule')).map(({ Properties }) => Properties).filter(({ Description }) => /^Answers/.test(Description));
    expect(rules.map(({ EventPattern }) => EventPattern.source[0]).sort()).toEqual(['aws.cloudwatch', 'aws.guardduty', 'mcp-zero-trust.registry', 'mcp-zero-trust.security']);
    for (const { Targets } of rules) expect(Targets).toEqual([expect.objectContaining({ DeadLetterConfig: expect.anything() })]);
    expect(rules.find(({ EventPattern }) => EventPattern.source[0] === 'aws.cloudwatch').EventPattern.detail.alarmName).toEqual(['Drops']);
  });

  test('NET-3 addresses are blocked before anything else is looked at', () => {
    const [acl] = Object.values(template.findResources('AWS::WAFv2::WebACL'));
    const [first, ...others] = acl!.Properties.Rules;
    expect(first).toMatchObject({ Name: 'BlockedAddresses', Priority: 0, Action: { Block: {} } });
    expect(new Set([first, ...others].map(({ Priority }: any) => Priority)).size).toBe(others.length + 1);
    template.resourceCountIs('AWS::WAFv2::IPSet', 2);
  });

  test('IR-2 what cuts a workload off waits for the evidence a minute at most', () => {
    const machine = Object.entries(template.findResources('AWS::StepFunctions::StateMachine')).find(([id]) => id.startsWith('Response'))![1];
    const text = machine.Properties.DefinitionString['Fn::Join'][1].map((part: unknown) => (typeof part === 'string' ? part : 'aws')).join('');
    const { States } = JSON.parse(text).States['All lanes at once'].ItemProcessor.States['One after the other'].ItemProcessor;
    const { TimeoutSeconds, Retry } = States['Keep evidence'];
    const last = Retry.at(-1);
    expect(Retry.map(({ MaxAttempts }: any) => MaxAttempts)).toEqual([0, 1]);
    expect(last).toMatchObject({ ErrorEquals: ['States.ALL'] });
    expect(TimeoutSeconds * (1 + last.MaxAttempts) + last.IntervalSeconds).toBeLessThanOrEqual(60);
    const evidence = Object.values(template.findResources('AWS::Lambda::Function')).find(({ Properties }) => /^Keeps copies/.test(Properties.Description ?? ''))!.Properties;
    expect(evidence.Timeout).toBeLessThan(TimeoutSeconds);
    expect(States['Cut tasks off'].Retry.at(-1).MaxAttempts).toBe(4);
  });

  test('SOC-3 the function that takes incidents on knows whose findings are ours', () => {
    const { Variables } = Object.values(template.findResources('AWS::Lambda::Function')).find(({ Properties }) => /^Takes incidents on/.test(Properties.Description ?? ''))!.Properties.Environment;
    expect(JSON.parse(Variables.MCP_RESPONSE_EKS_CLUSTERS)).toEqual(['mcp']);
    const { estate } = readPlanSettings({ ...Variables, MCP_RESPONSE_TABLE: 'incidents', MCP_RESPONSE_WORKLOADS: JSON.stringify({ files: [{ kind: 'workload', platform: 'ecs', cluster: 'zone', service: 'files' }] }) });
    expect(isNear({ kind: 'workload', platform: 'kubernetes', cluster: 'mcp', namespace: 'mcp-gateway', deployment: 'gateway' }, estate)).toBe(true);
    expect(isNear({ kind: 'workload', platform: 'kubernetes', cluster: 'payments', namespace: 'n', deployment: 'd' }, estate)).toBe(false);
    expect(isNear({ kind: 'workload', platform: 'ecs', cluster: 'zone', service: 'gateway' }, estate)).toBe(true);
  });

  test('LOG-4 evidence is locked, for the root user too', () => {
    template.hasResourceProperties('AWS::S3::Bucket', { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } } }, BucketEncryption: Match.anyValue(), LoggingConfiguration: Match.anyValue() });
  });

  test('IR-2 what is cut off is in a group that lets nothing in or out, and pods by rights in their namespace alone', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', { GroupDescription: Match.stringLikeRegexp('nothing in or out'), SecurityGroupIngress: Match.absent(), SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32' })] });
    template.resourceCountIs('AWS::EKS::AccessEntry', 1);
    template.allResourcesProperties('AWS::EKS::AccessEntry', { KubernetesGroups: ['mcp-zero-trust:responders'], Type: 'STANDARD', AccessPolicies: Match.absent() });
    const roles = IncidentResponse.kubernetesRoles('mcp-memory', 'memory');
    expect(roles.map(({ kind }) => kind)).toEqual(['Role', 'RoleBinding']);
    expect(JSON.stringify(roles)).not.toMatch(/secrets|"\*"|Cluster/);
  });

  test('NET-1 one function alone is in the network of the cluster, and is told of the Deployments that it may take hold of', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties);
    const inNetwork = functions.filter(({ VpcConfig }) => VpcConfig !== undefined);
    expect(inNetwork.map(({ Description }) => Description)).toEqual(['Reaches the API of a cluster for the response to incidents']);
    expect(inNetwork[0]).toMatchObject({ VpcConfig: { SecurityGroupIds: ['sg-11111111'], SubnetIds: ['subnet-11111111'] } });
    expect(JSON.parse(inNetwork[0].Environment.Variables.MCP_RESPONSE_DEPLOYMENTS)).toEqual({ mcp: { 'mcp-memory': ['memory'] } });
    expect(functions.filter(({ Environment }) => Environment?.Variables.MCP_RESPONSE_CLUSTERS !== undefined)).toEqual(inNetwork);
  });

  test('a response that fails, is stopped, or never begins is an alarm', () => {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
    expect(alarms.filter(({ AlarmDescription }) => /playbook/.test(AlarmDescription))).toHaveLength(3);
    for (const { AlarmActions } of alarms) expect(AlarmActions).toHaveLength(1);
  });

  test('what cannot be meant is refused when it is written', () => {
    const other = new Stack(new App(), 'Other');
    const response = new IncidentResponse(other, 'Response');
    const alarm = cloudwatch.Alarm.fromAlarmArn(other, 'Alarm', 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:Any');
    expect(() => response.addAlarm(alarm, { kind: IncidentKind.DENIAL_OF_SERVICE, server: 'files' })).toThrow('an alarm does not say who it is about');
    expect(() => response.addAlarm(alarm, { kind: IncidentKind.TOOL_POISONING, server: 'files' })).toThrow('tool is missing');
    expect(() => response.addDeployment('files', 'a', 'b')).toThrow('clusterResponder is missing');
  });
});
