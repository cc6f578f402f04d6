import { App, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AccessGrants, AuditTrail, McpGateway, Monitoring, PolicyStore, ThreatDetection, ToolRegistry } from '../../../lib';
import type { AuditTrailProps } from '../../../lib';
import { AUTHORIZER, environmentOf, ISSUER, PROXY } from '../gateway/gateway-stack';

function trailStack(props?: AuditTrailProps) {
  const stack = new Stack(new App(), 'Stack');
  return { stack, trail: new AuditTrail(stack, 'Audit', props) };
}

describe('an audit trail', () => {
  const stack = new Stack(new App(), 'Stack');
  const registry = new ToolRegistry(stack, 'Tools');
  const accessGrants = new AccessGrants(stack, 'Grants', { signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'c' } });
  const gateway = new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [ISSUER], registry, accessGrants });
  const trail = new AuditTrail(stack, 'Audit');
  trail.addGateway(gateway);
  trail.addGateway(gateway);
  trail.addRegistry(registry);
  trail.addAccessGrants(accessGrants);
  const template = Template.fromStack(stack);
  const archive = Object.keys(template.findResources('AWS::S3::Bucket', { Properties: { LoggingConfiguration: Match.anyValue() } }))[0]!;

  it('LOG-4 locks every record, versioned and encrypted, for a year, in a bucket that stays', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        ObjectLockEnabled: true,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } } },
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: Match.anyValue() } }] },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
        LoggingConfiguration: { LogFilePrefix: 'audit/', DestinationBucketName: Match.anyValue() },
      }),
    });
    expect(template.findResources('AWS::S3::Bucket', { Properties: { LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: Match.anyValue() })] } } })).toEqual({});
  });

  it('LOG-4 denies deletion to everybody, and whatever is not TLS', () => {
    const [policy] = Object.values(template.findResources('AWS::S3::BucketPolicy', { Properties: { Bucket: { Ref: archive } } }));
    const denials = policy!.Properties.PolicyDocument.Statement.filter(({ Effect }: any) => Effect === 'Deny');
    expect(denials).toContainEqual(expect.objectContaining({ Principal: { AWS: '*' }, Action: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'] }));
    expect(denials).toContainEqual(expect.objectContaining({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } }));
    expect(denials).toContainEqual(expect.objectContaining({ Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }));
  });

  it('LOG-2 carries the chained lines of every log group, once each, as they were written, partitioned by region, account and day', () => {
    const filters = Object.values(template.findResources('AWS::Logs::SubscriptionFilter')).map(({ Properties }) => Properties);
    expect(filters).toHaveLength(4);
    expect(new Set(filters.map(({ LogGroupName }) => LogGroupName.Ref))).toHaveProperty('size', 4);
    expect(new Set(filters.map(({ FilterPattern }) => FilterPattern))).toEqual(new Set(['{ $.chain.writer = "*" }']));
    template.hasResourceProperties('AWS::KinesisFirehose::DeliveryStream', {
      DeliveryStreamEncryptionConfigurationInput: { KeyType: 'CUSTOMER_MANAGED_CMK' },
      ExtendedS3DestinationConfiguration: {
        Prefix: { 'Fn::Join': ['', ['events/region=', { Ref: 'AWS::Region' }, '/accountId=', { Ref: 'AWS::AccountId' }, '/eventDay=!{timestamp:yyyyMMdd}/']] },
        BufferingHints: { IntervalInSeconds: 60 },
        CompressionFormat: 'GZIP',
        ProcessingConfiguration: { Enabled: true, Processors: [Match.objectLike({ Type: 'Decompression' }), Match.objectLike({ Type: 'CloudWatchLogProcessing' }), Match.objectLike({ Type: 'AppendDelimiterToRecord' })] },
      },
    });
  });

  it('LOG-4 only those that write events may sign, whatever else a policy says', () => {
    const [signing] = Object.entries(template.findResources('AWS::KMS::Key', { Properties: { KeySpec: 'ECC_NIST_P256', Description: Match.stringLikeRegexp('audit') } }));
    const denial = signing![1].Properties.KeyPolicy.Statement.find(({ Effect }: any) => Effect === 'Deny');
    expect(denial).toMatchObject({ Action: 'kms:Sign', Principal: { AWS: '*' } });
    const allowed: string[] = denial.Condition.ArnNotEquals['aws:PrincipalArn'].map((arn: any) => arn['Fn::GetAtt'][0]);
    expect(allowed.map((name) => name.replace(/[0-9A-F]{8}$/, ''))).toEqual(['GatewayAuthorizerRole', 'GatewayProxyRole', 'ToolsAnnounceFunctionRole', 'GrantsSiteRole']);
    for (const who of [AUTHORIZER, PROXY, /^Just-in-time grants: the API/]) expect(environmentOf(template, who).MCP_AUDIT_KEY_ARN).toEqual({ 'Fn::GetAtt': [signing![0], 'Arn'] });
    const [{ AliasName, TargetKeyId }] = Object.values(template.findResources('AWS::KMS::Alias')).map(({ Properties }) => Properties) as [any];
    expect(TargetKeyId).toEqual({ 'Fn::GetAtt': [signing![0], 'Arn'] });
    expect(JSON.stringify(environmentOf(template, /^Announces changes/).MCP_AUDIT_KEY_ARN)).toContain(`:${AliasName}"`);
    const permitted = signing![1].Properties.KeyPolicy.Statement.filter(({ Action, Effect }: any) => Action === 'kms:Sign' && Effect === 'Allow');
    expect(permitted.map(({ Principal }: any) => Principal.AWS['Fn::GetAtt'][0])).toEqual([expect.stringMatching(/^ToolsAnnounceFunctionRole/)]);
  });

  it('ENT-2 writes each archived object once more in OCSF', () => {
    template.hasResourceProperties('AWS::Events::Rule', { EventPattern: { source: ['aws.s3'], 'detail-type': ['Object Created'], detail: { bucket: { name: [{ Ref: archive }] }, object: { key: [{ prefix: 'events/' }] } } } });
    template.hasResourceProperties('AWS::S3::Bucket', { NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } } });
    expect(environmentOf(template, /in OCSF$/)).toMatchObject({ MCP_OCSF_PREFIX: 'ocsf/' });
  });

  it('ENT-2 MUL-11 keeps what its reader gives up on, and what its rule cannot hand over, in one queue', () => {
    const [queue] = Object.keys(template.findResources('AWS::SQS::Queue')).filter((id) => id.startsWith('AuditOcsfUndelivered'));
    const arn = { 'Fn::GetAtt': [queue, 'Arn'] };
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', { FunctionName: { Ref: Match.stringLikeRegexp('^AuditOcsfFunction') }, MaximumRetryAttempts: 2, DestinationConfig: { OnFailure: { Destination: arn } } });
    template.hasResourceProperties('AWS::Events::Rule', { Targets: [Match.objectLike({ DeadLetterConfig: { Arn: arn } })] });
  });
});

describe('an audit trail as it is told', () => {
  it('LOG-4 keeps for as long as is said, deletes no earlier, and lets nobody sign before somebody writes', () => {
    const { stack } = trailStack({ retention: Duration.days(400), expireAfter: Duration.days(500), ocsf: false, bufferingInterval: Duration.minutes(5) });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::S3::Bucket', { ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 400 } } }, LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 500 })] } });
    template.hasResourceProperties('AWS::KinesisFirehose::DeliveryStream', { ExtendedS3DestinationConfiguration: { BufferingHints: { IntervalInSeconds: 300 } } });
    template.resourceCountIs('AWS::Lambda::Function', 0);
    expect(JSON.stringify(template.findResources('AWS::KMS::Key'))).toContain(':role/nobody');
  });

  it.each<[AuditTrailProps, string]>([
    [{ retention: Duration.hours(1) }, 'retention is 1 hour, expected at least a day'],
    [{ retention: Duration.days(30), expireAfter: Duration.days(10) }, 'expireAfter is 10 days, expected at least the 30 days of retention'],
    [{ bufferingInterval: Duration.seconds(5) }, 'bufferingInterval is 5 seconds, expected 60 to 900'],
  ])('fails with a sentence for %j', (props, message) => {
    expect(() => trailStack(props)).toThrow(message);
  });
});

describe('ENT-2 an audit trail as a custom source of Amazon Security Lake', () => {
  const { stack } = trailStack({ securityLake: { sourceName: 'mcp' } });
  const template = Template.fromStack(stack);
  const streams = Object.values(template.findResources('AWS::KinesisFirehose::DeliveryStream', { Properties: { ExtendedS3DestinationConfiguration: { DataFormatConversionConfiguration: { Enabled: true } } } })).map(({ Properties }) => Properties.ExtendedS3DestinationConfiguration);

  it('is off by default', () => {
    expect(Template.fromStack(trailStack().stack).findResources('AWS::Glue::Table')).toEqual({});
  });

  it('has a stream for each class, in Parquet, partitioned by region, account and the day of the event', () => {
    expect(streams.map(({ Prefix }) => Prefix)).toEqual(['detection-finding', 'incident-finding', 'authorize-session', 'api-activity'].map((name) => (
      { 'Fn::Join': ['', [`ext/mcp-${name}/region=`, { Ref: 'AWS::Region' }, '/accountId=', { Ref: 'AWS::AccountId' }, '/eventDay=!{partitionKeyFromQuery:eventDay}/']] })));
    for (const stream of streams) {
      expect(stream).toMatchObject({
        DynamicPartitioningConfiguration: { Enabled: true },
        DataFormatConversionConfiguration: { OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'SNAPPY' } } }, SchemaConfiguration: { VersionId: 'LATEST' } },
        EncryptionConfiguration: { KMSEncryptionConfig: expect.anything() },
        BufferingHints: { IntervalInSeconds: 300, SizeInMBs: 64 },
      });
      expect(stream.CompressionFormat).toBeUndefined();
      expect(stream.ProcessingConfiguration.Processors[0].Parameters[0].ParameterValue).toBe('{eventDay: (.time / 1000 | strftime("%Y%m%d"))}');
    }
  });

  it('has a table for each, where the stream writes', () => {
    const tables = Object.values(template.findResources('AWS::Glue::Table')).map(({ Properties }) => Properties.TableInput);
    expect(tables.map(({ Name }) => Name)).toEqual(['detection_finding', 'incident_finding', 'authorize_session', 'api_activity']);
    for (const { Name, PartitionKeys, StorageDescriptor } of tables) {
      expect(PartitionKeys.map((key: any) => key.Name)).toEqual(['region', 'accountid', 'eventday']);
      expect(JSON.stringify(StorageDescriptor.Location)).toContain(`/ext/mcp-${Name.replace('_', '-')}/`);
      expect(StorageDescriptor.Columns).toContainEqual({ Name: 'metadata', Type: expect.stringContaining('struct<version:string') });
    }
  });

  it('gets the same events that are written in OCSF', () => {
    const { MCP_LAKE_STREAMS } = environmentOf(template, /in OCSF$/) as { MCP_LAKE_STREAMS: any };
    expect(JSON.stringify(MCP_LAKE_STREAMS)).toMatch(/2004.*3003.*6003/);
    expect(() => trailStack({ securityLake: {}, ocsf: false })).toThrow('securityLake is given, and ocsf is false');
    expect(() => trailStack({ securityLake: { sourceName: 'MCP gateway' } })).toThrow('the name of the source is "MCP gateway"');
  });
});

describe('MUL-11 behaviour over all instances and servers', () => {
  const watchedStack = (props?: AuditTrailProps, watchBehaviour?: boolean) => {
    const { stack, trail } = trailStack(props);
    const gateway = new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [ISSUER] });
    trail.addGateway(gateway);
    const monitoring = new Monitoring(stack, 'Monitoring', { gateway, auditTrail: trail, watchBehaviour });
    new ThreatDetection(stack, 'Threats', { gateway, auditTrail: trail, alarmTopic: monitoring.alarmTopic });
    return stack;
  };
  const watched = (props?: AuditTrailProps, watchBehaviour?: boolean) => Template.fromStack(watchedStack(props, watchBehaviour));
  const ofReader = (template: Template, type: string) => Object.values(template.findResources(type, { Properties: { LogGroupName: { Ref: Match.stringLikeRegexp('^AuditOcsfFunctionLogs') } } })).map(({ Properties }) => Properties);

  it('is watched where all that was archived is read: signed events of the trail, metrics of the alarms, incidents', () => {
    const template = watched();
    expect(environmentOf(template, /in OCSF$/)).toMatchObject({ MCP_WATCH_BEHAVIOUR: 'true', MCP_AUDIT_KEY_ARN: expect.anything() });
    expect(ofReader(template, 'AWS::Logs::MetricFilter').map(({ MetricTransformations: [{ MetricName }] }) => MetricName).sort()).toEqual(['ChangedTools', 'FailuresThenSuccess', 'HighRisks', 'UnusualSequences']);
    expect(ofReader(template, 'AWS::Logs::SubscriptionFilter').map(({ FilterPattern }) => FilterPattern).sort()).toEqual(['{ $.chain.writer = "*" }', '{ $.kind = "detection" }']);
  });

  it.each<[string, AuditTrailProps | undefined, boolean | undefined]>([['without OCSF, whose function reads the archive', { ocsf: false }, undefined], ['where behaviour is not watched', undefined, false]])('is not, %s', (_, props, watchBehaviour) => {
    const template = watched(props, watchBehaviour);
    expect(JSON.stringify(template.toJSON())).not.toContain('MCP_WATCH_BEHAVIOUR');
    expect(ofReader(template, 'AWS::Logs::SubscriptionFilter')).toEqual([]);
  });

  it.each<[string, AuditTrailProps | undefined, boolean | undefined, boolean]>([['without OCSF', { ocsf: false }, undefined, true], ['where it is watched', undefined, undefined, false], ['where behaviour is not watched at all', undefined, false, false]])('that it is not is said, %s: %s', (_, props, watchBehaviour, isSaid) => {
    const warnings = Annotations.fromStack(watchedStack(props, watchBehaviour)).findWarning('*', Match.stringLikeRegexp('what spans servers or instances is not noticed'));
    expect(warnings).toHaveLength(isSaid ? 1 : 0);
  });
});
