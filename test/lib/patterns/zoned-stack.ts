import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { DedicatedSecurityZone } from '../../../lib';
import type { AddZonedServerOptions, DedicatedSecurityZoneProps } from '../../../lib';

export const KEYS = JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] });
export const DIGEST = `sha256:${'a'.repeat(64)}`;

/** A zone in a stack of its own, in an app of its own. */
export function zoned(props: Partial<DedicatedSecurityZoneProps> | ((stack: Stack) => Partial<DedicatedSecurityZoneProps>) = {}) {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  const model = new DedicatedSecurityZone(stack, 'Mcp', {
    tokenIssuers: [{ issuer: 'https://login.example.com', jwks: KEYS }],
    domainName: 'mcp.internal.example.com',
    certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
    ...(typeof props === 'function' ? props(stack) : props),
  });
  const addServer = (name: string, options: Partial<AddZonedServerOptions> = {}) => model.addServer(name, {
    repository: ecr.Repository.fromRepositoryName(stack, `Repository-${name}`, `mcp/${name}`), imageDigest: DIGEST, ...options,
  });
  return { app, stack, model, addServer, template: () => Template.fromStack(stack) };
}
