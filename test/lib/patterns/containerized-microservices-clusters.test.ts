import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { ContainerizedMicroservices, ServiceMesh } from '../../../lib';
import type { ContainerizedMicroservicesProps } from '../../../lib';
import { objectOf, publishedObjects, textOf } from '../cluster/delivered';
import { propertiesOf, securityGroupRules } from '../zone/zone-stack';
import { DIGEST, KEYS, modelled } from './cluster-stack';

describe('without a layer that has kubectl', () => {
  const { addServer, template: synthesize } = modelled((stack) => ({ kubectlLayer: undefined, administrators: [iam.Role.fromRoleName(stack, 'Platform', 'platform')] }));
  addServer('files');
  const template = synthesize();

  test('the same manifests are in a bucket, in the order to apply them in', () => {
    const published = publishedObjects(template);
    expect(Object.keys(published).sort()).toEqual(['00-cluster.json', '10-mcp-files.json', '10-mcp-gateway.json']);
    expect(published['00-cluster.json']!.map(({ metadata }) => metadata.namespace).filter(Boolean)).toEqual([]);
    expect(published['10-mcp-files.json']![0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'mcp-files' } });
    expect(published['10-mcp-gateway.json']!.find(({ kind }) => kind === 'ConfigMap')!.data.MCP_KEY_SECRET_ARN).toMatch(/^<McpGatewayKeySecret/);
  });

  test('nothing of the CDK gets into the cluster, and an output says how to apply them', () => {
    expect(propertiesOf(template, 'Custom::AWSCDK-EKS-KubernetesResource')).toEqual([]);
    const [apply] = Object.values(template.findOutputs('*')).filter(({ Description }) => /Applies the manifests/.test(Description ?? ''));
    expect(textOf(apply!.Value)).toMatch(/^aws s3 sync --delete s3:\/\/<McpManifestsBucket\w+>\/ manifests\/ && kubectl apply -f manifests\/$/);
  });

  test('the bucket is encrypted, versioned, and takes no request without TLS', () => {
    const [id, { Properties }] = Object.entries(template.findResources('AWS::S3::Bucket')).find(([name]) => name.includes('Manifests'))!;
    expect(Properties).toMatchObject({ VersioningConfiguration: { Status: 'Enabled' }, BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }] } });
    expect(JSON.stringify(propertiesOf(template, 'AWS::S3::BucketPolicy').find(({ Bucket }) => Bucket.Ref === id))).toContain('aws:SecureTransport');
  });
});

describe('in a cluster that is there already', () => {
  const given = (stack: Stack): Partial<ContainerizedMicroservicesProps> => ({
    domainName: undefined,
    certificate: undefined,
    kubectlLayer: undefined,
    givenCluster: {
      cluster: eks.Cluster.fromClusterAttributes(stack, 'Given', { clusterName: 'platform' }),
      publicUrl: 'https://mcp.example.com',
      gatewaySources: [{ cidr: '10.1.0.0/20' }],
      gatewayEgress: [{ cidrs: ['10.1.64.0/24'] }],
    },
  });
  const { model, stack, addServer, template: synthesize } = modelled(given);
  addServer('files', { egress: { domains: ['api.example.com'] } });
  const template = synthesize();

  test('there are roles, policies and manifests, and nothing is made of network, nodes and load balancer', () => {
    for (const type of ['AWS::EC2::VPC', 'AWS::EKS::Cluster', 'AWS::EKS::Nodegroup', 'AWS::ElasticLoadBalancingV2::LoadBalancer']) expect(propertiesOf(template, type)).toEqual([]);
    expect(propertiesOf(template, 'AWS::EKS::PodIdentityAssociation').map(({ Namespace, ServiceAccount, ClusterName }) => [ClusterName, Namespace, ServiceAccount])).toEqual([['platform', 'mcp-gateway', 'gateway'], ['platform', 'mcp-files', 'files']]);
    expect(model.zone).toBeUndefined();
  });

  test('MUL-5 pods go to any node, and the gateway takes connections of whom was declared', () => {
    const objects = Object.values(publishedObjects(template)).flat();
    expect(objectOf(objects, 'Deployment', 'mcp-files').spec.template.spec.nodeSelector).toBeUndefined();
    expect(objectOf(objects, 'NetworkPolicy', 'mcp-gateway', 'from-addresses').spec.ingress[0].from).toEqual([{ ipBlock: { cidr: '10.1.0.0/20' } }]);
    expect(objects.filter(({ kind, spec }) => kind === 'Service' && spec.type === 'NodePort')).toEqual([]);
  });

  test('HOST-0 what its owner has to do for GuardDuty to see its nodes is said, until somebody says how it is', () => {
    const message = Match.stringLikeRegexp('install the add-on aws-guardduty-agent');
    Annotations.fromStack(stack).hasWarning('/Stack/Mcp', message);
    for (const runtimeMonitoring of [true, false]) Annotations.fromStack(modelled((inner) => ({ ...given(inner), runtimeMonitoring })).stack).hasNoWarning('*', message);
    Annotations.fromStack(modelled().stack).hasNoWarning('*', message);
  });

  test('IR-2 the response reaches it where its owner says from where, and nobody is a responder otherwise', () => {
    expect(propertiesOf(template, 'AWS::EKS::AccessEntry')).toEqual([]);
    expect(Object.values(publishedObjects(template)).flat().filter(({ kind }) => kind === 'Role')).toEqual([]);
    const reached = modelled((stack) => {
      const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-11111111', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-11111111'] });
      const { givenCluster, ...props } = given(stack);
      const cluster = eks.Cluster.fromClusterAttributes(stack, 'Reached', { clusterName: 'platform', clusterEndpoint: 'https://platform.eks.example.com', clusterCertificateAuthorityData: 'Q0E=' });
      return { ...props, givenCluster: { ...givenCluster!, cluster, apiAccess: { vpc, vpcSubnets: { subnets: vpc.privateSubnets }, securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-11111111')] } } };
    });
    reached.addServer('files');
    const other = reached.template();
    expect(propertiesOf(other, 'AWS::EKS::AccessEntry')).toHaveLength(1);
    expect(Object.values(publishedObjects(other)).flat().filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace)).toEqual(['mcp-files']);
  });
});

test('NET-2 without a mesh, servers are reached on their own port, with their own TLS', () => {
  const { addServer, template: synthesize } = modelled({ mesh: ServiceMesh.none({ serverAuthority: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' }) });
  addServer('files', { port: 9000 });
  const template = synthesize();
  const rules = securityGroupRules(template);
  expect(rules).toContain('gateway-nodes -> servers-nodes:9000');
  expect(rules.filter((rule) => /:150(08|12|17)$/.test(rule))).toEqual([]);
});

describe('NET-2 with Istio', () => {
  const { addServer, template: synthesize } = modelled({ istio: { version: '1.28.1' } });
  addServer('files');
  const template = synthesize();
  const charts = Object.entries(template.findResources('Custom::AWSCDK-EKS-HelmChart'));

  test('it is installed in ambient mode from repositories of this account, one chart after the other', () => {
    const registry = '<AWS::AccountId>.dkr.ecr.<AWS::Region>.<AWS::URLSuffix>/istio';
    expect(charts.map(([, { Properties }]) => [Properties.Release, textOf(Properties.Repository), Properties.Version])).toEqual([
      ['istio-base', `oci://${registry}/charts/base`, '1.28.1'], ['istiod', `oci://${registry}/charts/istiod`, '1.28.1'],
      ['istio-cni', `oci://${registry}/charts/cni`, '1.28.1'], ['ztunnel', `oci://${registry}/charts/ztunnel`, '1.28.1'],
    ]);
    expect(charts.slice(1).every(([, { DependsOn }], index) => DependsOn.includes(charts[index]![0]))).toBe(true);
    expect(JSON.parse(textOf(charts[1]![1].Properties.Values))).toEqual({ profile: 'ambient', global: { hub: registry, tag: '1.28.1' } });
  });

  test('manifests come after it, since they have kinds that it brings', () => {
    const [, { DependsOn }] = Object.entries(template.findResources('Custom::AWSCDK-EKS-KubernetesResource')).find(([id]) => id.includes('Manifestscluster'))!;
    expect(DependsOn).toEqual(expect.arrayContaining(charts.map(([id]) => id)));
  });

  test('all nodes may pull its images, and only the function that applies manifests its charts', () => {
    const pulls = propertiesOf(template, 'AWS::IAM::Policy').map(({ PolicyDocument }) => JSON.stringify(PolicyDocument)).filter((text) => text.includes(':repository/istio/*'));
    expect(pulls).toHaveLength(2);
    expect(securityGroupRules(template)).toEqual(expect.arrayContaining(['kubectl -> Endpoint of ecr-api:443', 'kubectl -> Endpoint of ecr-dkr:443']));
  });

  test('fails without a layer that has kubectl, and with a version that is none', () => {
    expect(() => modelled({ kubectlLayer: undefined, istio: { version: '1.28.1' } })).toThrow('istio needs a cluster that manifests are applied to: give it a kubectlLayer');
    expect(() => modelled({ istio: { version: 'latest' } })).toThrow('the version of Istio is "latest", expected one such as "1.28.1"');
  });
});

describe('MUL-7 of two stages', () => {
  const twoStages = (options: (stack: Stack, stage: string) => Partial<ContainerizedMicroservicesProps>) => {
    const app = new App();
    for (const stage of ['dev', 'prod']) {
      const stack = new Stack(app, stage);
      new ContainerizedMicroservices(stack, 'Mcp', {
        tokenIssuers: [{ issuer: `https://${stage}.example.com`, jwks: KEYS }],
        gatewayImage: { repository: ecr.Repository.fromRepositoryName(stack, 'Repository', 'mcp/gateway'), imageDigest: DIGEST },
        domainName: `${stage}.internal.example.com`,
        certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
        administrators: [iam.Role.fromRoleName(stack, 'Platform', `${stage}-platform`)],
        stage,
        unsafeUnobserved: true,
        ...options(stack, stage),
      });
    }
    return app;
  };
  const key = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';

  test('fails when they share a key', () => {
    expect(() => twoStages((stack) => ({ encryptionKey: kms.Key.fromKeyArn(stack, 'Key', key) })).synth()).toThrow(`the stages dev and prod share the key ${key}`);
  });

  test('fails when they share an issuer, which only their manifests know', () => {
    expect(() => twoStages(() => ({ tokenIssuers: [{ issuer: 'https://login.example.com', jwks: KEYS }] })).synth()).toThrow('the stages dev and prod share the token issuer https://login.example.com');
  });

  test('passes when they share neither', () => {
    expect(() => twoStages(() => ({})).synth()).not.toThrow();
  });
});

test.each<[string, Partial<ContainerizedMicroservicesProps>, RegExp]>([
  ['without a domain', { domainName: undefined }, /domainName or certificate is missing/],
  ['with an image by tag', { gatewayImage: { repository: {} as ecr.IRepository, imageDigest: 'latest' } }, /./],
  ['with an issuer whose keys are out of reach', { tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/keys' }] }, /the gateway cannot reach login\.example\.com for the keys of https:\/\/login\.example\.com: declare it with gatewayEgress: { domains: \["login\.example\.com"\] }, or give the keys with jwks/],
])('fails %s', (_, props, message) => {
  expect(() => modelled(props).app.synth()).toThrow(message);
});
