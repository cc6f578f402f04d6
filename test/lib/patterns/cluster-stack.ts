import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AccessGrants, ContainerizedMicroservices } from '../../../lib';
import type { AddPodServerOptions, ContainerizedMicroservicesProps } from '../../../lib';
import { propertiesOf } from '../zone/zone-stack';

export const KEYS = JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] });
export const DIGEST = `sha256:${'a'.repeat(64)}`;

/** A model of a cluster in a stack of its own, in an app of its own. */
export function modelled(props: Partial<ContainerizedMicroservicesProps> | ((stack: Stack) => Partial<ContainerizedMicroservicesProps>) = {}) {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  const repository = (name: string) => ecr.Repository.fromRepositoryName(stack, `Repository-${name}`, `mcp/${name}`);
  const model = new ContainerizedMicroservices(stack, 'Mcp', {
    tokenIssuers: [{ issuer: 'https://login.example.com', jwks: KEYS }],
    gatewayImage: { repository: repository('gateway'), imageDigest: DIGEST },
    domainName: 'mcp.internal.example.com',
    certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
    kubectlLayer: lambda.LayerVersion.fromLayerVersionArn(stack, 'Kubectl', 'arn:aws:lambda:eu-west-1:123456789012:layer:kubectl:1'),
    ...(typeof props === 'function' ? props(stack) : props),
  });
  const addServer = (name: string, options: Partial<AddPodServerOptions> = {}) => model.addServer(name, { repository: repository(name), imageDigest: DIGEST, ...options });
  return { app, stack, model, addServer, template: () => Template.fromStack(stack) };
}

export const secret = (stack: Stack, name: string) => secretsmanager.Secret.fromSecretCompleteArn(stack, `Secret-${name}`, `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`);

/** Actions of the policies of a role, by the description of the role. */
export function actionsOf(template: Template, description: string): string[] {
  const [id] = Object.entries(template.findResources('AWS::IAM::Role')).find(([, { Properties }]) => Properties.Description === description)!;
  return propertiesOf(template, 'AWS::IAM::Policy').filter(({ Roles }) => Roles.some(({ Ref }: any) => Ref === id))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(({ Action }: any) => Action));
}

export const grantsOf = (stack: Stack) => new AccessGrants(stack, 'Grants', { nested: true, signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'approvals' } });
