import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ImageRegistry } from '../../../lib';
import type { ImageRegistryProps } from '../../../lib';
import { propertiesOf } from '../zone/zone-stack';

function registry(props?: ImageRegistryProps) {
  const stack = new Stack(new App(), 'Stack');
  new ImageRegistry(stack, 'Images', props).addRepository('crm');
  return Template.fromStack(stack);
}

test('CON-5 SC-1 images are scanned when they are pushed, tags stay what they are, and layers are encrypted with a key of the account', () => {
  const template = registry();
  expect(propertiesOf(template, 'AWS::ECR::Repository')).toEqual([expect.objectContaining({
    RepositoryName: 'mcp/crm',
    ImageScanningConfiguration: { ScanOnPush: true },
    ImageTagMutability: 'IMMUTABLE',
    EncryptionConfiguration: { EncryptionType: 'KMS', KmsKey: { 'Fn::GetAtt': [expect.stringMatching(/^ImagesKey/), 'Arn'] } },
  })]);
});

test('CON-5 the scanning of the whole registry is left alone until it is asked for', () => {
  expect(propertiesOf(registry(), 'AWS::ECR::RegistryScanningConfiguration')).toEqual([]);
});

test('CON-5 with enhanced scanning, images are scanned again whenever a vulnerability becomes known', () => {
  expect(propertiesOf(registry({ enhancedScanning: true, namespace: 'tools' }), 'AWS::ECR::RegistryScanningConfiguration')).toEqual([{
    ScanType: 'ENHANCED',
    Rules: [{ ScanFrequency: 'CONTINUOUS_SCAN', RepositoryFilters: [{ Filter: 'tools/*', FilterType: 'WILDCARD' }] }],
  }]);
});

test('fails with a namespace that no repository can have', () => {
  expect(() => registry({ namespace: 'MCP/' })).toThrow('the namespace of repositories is "MCP/", expected lower-case letters and digits');
});
