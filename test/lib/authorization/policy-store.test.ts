import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { McpPrincipal, PolicyStore } from '../../../lib';
import type { PolicyStoreProps } from '../../../lib';

const READ_FILE = { name: 'read_file', inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] } };

function storeStack(props?: PolicyStoreProps) {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  const store = new PolicyStore(stack, 'Store', props);
  return { app, stack, store, template: () => Template.fromStack(stack) };
}

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'policies-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Cedar text that permits a group to discover. */
function permit(group: string, id?: string): string {
  return `${id ? `@id("${id}")\n` : ''}permit (principal in Mcp::Group::"${group}", action in Mcp::Action::"discover", resource);\n`;
}

describe('the store', () => {
  test('CV-1 validates strictly, cannot be deleted, and is retained', () => {
    storeStack().template().hasResource('AWS::VerifiedPermissions::PolicyStore', {
      Properties: { ValidationSettings: { Mode: 'STRICT' }, DeletionProtection: { Mode: 'ENABLED' }, Schema: { CedarJson: Match.anyValue() } },
      DeletionPolicy: 'Retain',
    });
  });

  test('knows the tools and the types of their arguments', () => {
    const { store, template } = storeStack();
    store.addServer('files', { toolDefinitions: [READ_FILE] });
    const [resource] = Object.values(template().findResources('AWS::VerifiedPermissions::PolicyStore'));
    const action = JSON.parse(resource!.Properties.Schema.CedarJson).Mcp.actions['files/read_file'];
    expect(action.memberOf).toEqual([{ id: 'callTool' }]);
    expect(action.appliesTo.context.attributes.arguments.attributes).toEqual({ path: { type: 'String' } });
  });

  test('is encrypted with a key of the account where one is given', () => {
    const app = new App();
    const stack = new Stack(app, 'Stack');
    new PolicyStore(stack, 'Store', { encryptionKey: new kms.Key(stack, 'Key'), deletionProtection: false });
    Template.fromStack(stack).hasResourceProperties('AWS::VerifiedPermissions::PolicyStore', {
      EncryptionSettings: { KmsEncryptionSettings: { Key: Match.anyValue() } },
      DeletionProtection: { Mode: 'DISABLED' },
    });
  });

  test('grants AWS principals what they need of it', () => {
    const { stack, store, template } = storeStack();
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    store.grants.authorize(role);
    template().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [Match.objectLike({ Action: 'verifiedpermissions:IsAuthorized', Resource: { 'Fn::GetAtt': Match.anyValue() } })] },
    });
  });

  test('is imported by its id', () => {
    const stack = new Stack(new App(), 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const imported = PolicyStore.fromPolicyStoreId(stack, 'Store', 'store-1');
    expect(stack.resolve(imported.policyStoreArn)).toEqual({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':verifiedpermissions::123456789012:policy-store/store-1']] });
  });
});

describe('policies of a folder', () => {
  test('are one resource each, with the place where they are written', () => {
    const folder = folderOf({ '20-b.cedar': permit('b'), '10-a.cedar': permit('a1', 'first') + permit('a2'), 'notes.txt': 'not a policy' });
    const policies = Object.values(storeStack({ policiesFolder: folder }).template().findResources('AWS::VerifiedPermissions::Policy'));
    expect(policies.map(({ Properties }) => Properties.Definition.Static.Description)).toEqual([
      'first (10-a.cedar:1)', '10-a.cedar#1 (10-a.cedar:3)', '20-b.cedar#0 (20-b.cedar:1)',
    ]);
  });

  test('are created a few at a time, because the service refuses many at once', () => {
    const folder = folderOf({ 'all.cedar': Array.from({ length: 12 }, (_, index) => permit(`group-${index}`)).join('') });
    const policies = storeStack({ policiesFolder: folder }).template().findResources('AWS::VerifiedPermissions::Policy');
    const first = Object.values(policies).filter(({ DependsOn }) => DependsOn === undefined);
    expect(first).toHaveLength(5);
  });

  test('CV-1 fail the synthesis with file, line and column where they are not Cedar', () => {
    const folder = folderOf({ 'bad.cedar': `${permit('a')}permit (principal, action resource);\n` });
    expect(() => storeStack({ policiesFolder: folder })).toThrow(/^bad\.cedar:2:27: /);
  });

  test('CV-1 fail the synthesis with file, line and column where the schema knows better', () => {
    const folder = folderOf({ 'bad.cedar': 'forbid (\n  principal,\n  action == Mcp::Action::"files/read_file",\n  resource\n)\nwhen { context.arguments.paht like "/etc/*" };\n' });
    const { app, store } = storeStack({ policiesFolder: folder });
    store.addServer('files', { toolDefinitions: [READ_FILE] });
    expect(() => app.synth()).toThrow(/bad\.cedar:6:8: .*paht.*/);
  });

  test('CV-1 fail the synthesis where they are about a tool that no server has', () => {
    const folder = folderOf({ 'bad.cedar': 'permit (principal, action == Mcp::Action::"files/nothing", resource);' });
    expect(() => storeStack({ policiesFolder: folder }).app.synth()).toThrow(/bad\.cedar:1:\d+: unrecognized action/);
  });

  test('are warned of where they can never have an effect', () => {
    const folder = folderOf({ 'odd.cedar': 'forbid (principal, action == Mcp::Action::"connect", resource is Mcp::Tool);' });
    const { stack, template } = storeStack({ policiesFolder: folder });
    template();
    Annotations.fromStack(stack).hasWarning('/Stack/Store', Match.stringLikeRegexp('odd\\.cedar:1'));
  });

  test('are in a folder that exists', () => {
    expect(() => storeStack({ policiesFolder: '/nowhere' })).toThrow('policiesFolder is "/nowhere", which does not exist');
  });
});

describe('a policy that is added', () => {
  test('is validated like those of a folder', () => {
    const { app, store } = storeStack();
    store.addPolicy('typo', { statement: 'permit (principal in Mcp::Grup::"a", action, resource);' });
    expect(() => app.synth()).toThrow(/typo:1:\d+: .*Mcp::Grup/);
  });

  test.each([
    ['no policy', '// nothing'],
    ['several policies', permit('a') + permit('b')],
  ])('is one policy, not %s', (what, statement) => {
    expect(() => storeStack().store.addPolicy('p', { statement })).toThrow(`the statement of "p" has ${what}, expected exactly one`);
  });

  test('has an id of its own', () => {
    const { store } = storeStack();
    store.addPolicy('p', { statement: permit('a') });
    expect(() => store.addPolicy('p', { statement: permit('b') })).toThrow('has a policy "p" already');
  });

  test('fits the service', () => {
    const statement = `permit (principal, action, resource) when { principal.issuer == "${'x'.repeat(10_000)}" };`;
    expect(() => storeStack().store.addPolicy('p', { statement })).toThrow(/has \d+ bytes, expected at most 10000/);
  });
});

describe('a template', () => {
  const READERS = 'permit (\n  principal in ?principal,\n  action in [Mcp::Action::"discover", Mcp::Action::"callTool"],\n  resource in ?resource\n)\nwhen { resource is Mcp::Server || (resource is Mcp::Tool && resource.readOnly) };';

  test('makes policies for principals, servers and tools', () => {
    const { store, template } = storeStack();
    store.addServer('files', { toolDefinitions: [READ_FILE] });
    const readers = store.addTemplate('readers', { statement: READERS });
    readers.link('analysts', { principal: McpPrincipal.group('analysts'), server: 'files' });
    readers.link('auditors', { principal: McpPrincipal.group('auditors'), tool: 'files/read_file' });
    const links = Object.values(template().findResources('AWS::VerifiedPermissions::Policy')).map(({ Properties }) => Properties.Definition.TemplateLinked);
    expect(links).toEqual([
      { PolicyTemplateId: { 'Fn::GetAtt': [expect.any(String), 'PolicyTemplateId'] }, Principal: { EntityType: 'Mcp::Group', EntityId: 'analysts' }, Resource: { EntityType: 'Mcp::Server', EntityId: 'files' } },
      { PolicyTemplateId: { 'Fn::GetAtt': [expect.any(String), 'PolicyTemplateId'] }, Principal: { EntityType: 'Mcp::Group', EntityId: 'auditors' }, Resource: { EntityType: 'Mcp::Tool', EntityId: 'files/read_file' } },
    ]);
  });

  test('comes from a folder, under the name of its file', () => {
    const { store, template } = storeStack({ templatesFolder: join(__dirname, '../../../policies/templates') });
    store.addServer('files', { toolDefinitions: [READ_FILE] });
    store.template('read-a-server').link('analysts', { principal: McpPrincipal.group('analysts'), server: 'files' });
    template().resourceCountIs('AWS::VerifiedPermissions::PolicyTemplate', 2);
    expect(() => store.template('red-a-server')).toThrow('expected one of ["read-a-server","use-a-server-in-office-hours"]');
  });

  test('CV-1 fails the synthesis with its file, line and column, used or not', () => {
    const folder = folderOf({ 'bad.cedar': READERS.replace('readOnly', 'readonly') });
    const { app, store } = storeStack({ templatesFolder: folder });
    store.addServer('files', { toolDefinitions: [READ_FILE] });
    expect(() => app.synth()).toThrow(/bad\.cedar:6:\d+: .*readonly.*readOnly/);
    expect(() => storeStack({ templatesFolder: folderOf({ 'static.cedar': permit('a') }) })).toThrow('static.cedar:1:1: expected exactly one policy template');
    expect(() => storeStack({ templatesFolder: '/nowhere' })).toThrow('templatesFolder is "/nowhere", which does not exist');
  });

  test('CV-1 fails the synthesis where a link can never be about anything', () => {
    const { app, store } = storeStack();
    store.addServer('files', { toolDefinitions: [READ_FILE] });
    store.addTemplate('t', { statement: 'permit (principal == ?principal, action == Mcp::Action::"files/read_file", resource);' }).link('group', { principal: McpPrincipal.group('a') });
    expect(() => app.synth()).not.toThrow();
    const template = store.addTemplate('u', { statement: 'permit (principal == ?principal, action, resource == ?resource);' });
    expect(() => template.link('x', { principal: McpPrincipal.user('a') })).toThrow('the template "u" has the slot ?resource, which the link "x" does not fill');
    expect(() => store.template('t').link('x', { principal: McpPrincipal.user('a'), server: 'files' })).toThrow('the template "t" has no slot ?resource for the link "x" to fill');
    expect(() => template.link('x', { server: 'files', tool: 'files/read_file' })).toThrow('expected one of them');
  });
});

test('IAM-3 an identity source takes access tokens of one issuer for these audiences only', () => {
  const { store, template } = storeStack();
  store.addIdentitySource({ issuer: 'https://login.example.com', audiences: ['https://mcp.example.com'], groupClaim: 'groups' });
  template().hasResourceProperties('AWS::VerifiedPermissions::IdentitySource', {
    PrincipalEntityType: 'Mcp::User',
    Configuration: {
      OpenIdConnectConfiguration: {
        Issuer: 'https://login.example.com',
        GroupConfiguration: { GroupClaim: 'groups', GroupEntityType: 'Mcp::Group' },
        TokenSelection: { AccessTokenOnly: { Audiences: ['https://mcp.example.com'], PrincipalIdClaim: 'sub' } },
      },
    },
  });
  expect(() => store.addIdentitySource({ issuer: 'https://other.example.com', audiences: ['a'] })).toThrow('has an identity source already');
  expect(() => storeStack().store.addIdentitySource({ issuer: 'https://login.example.com', audiences: [] })).toThrow('has no audiences');
});

describe('what the service takes', () => {
  const manyTools = (count: number) => Array.from({ length: count }, (_, index) => ({ ...READ_FILE, name: `tool_with_a_rather_long_name_${index}` }));

  test('a schema that is too large fails the synthesis, with the groups of servers that fit', () => {
    const { app, store } = storeStack();
    for (const name of ['crm', 'files', 'wiki']) store.addServer(name, { toolDefinitions: manyTools(80) });
    expect(() => app.synth()).toThrow(/the Cedar schema has \d+ bytes, and Amazon Verified Permissions takes 100000: give servers a policy store of their own, .* in 3 groups that fit: crm \| files \| wiki/);
  });

  test('one server that is too large has too many tools', () => {
    const { app, store } = storeStack();
    store.addServer('files', { toolDefinitions: manyTools(400) });
    expect(() => app.synth()).toThrow('give fewer of its tools as toolDefinitions');
  });

  test('policies on one resource that are too much together fail the synthesis', () => {
    const { app, store } = storeStack();
    for (let index = 0; index < 25; index += 1) store.addPolicy(`p${index}`, { statement: `permit (principal, action, resource) when { principal.issuer == "${index}${'x'.repeat(9_000)}" };` });
    expect(() => app.synth()).toThrow(/the policies on no resource in particular have \d+ bytes together, and Amazon Verified Permissions takes 200000/);
  });

  test('CV-1 a policy on a server that is not there fails the synthesis, with the server that was meant', () => {
    const { app, store } = storeStack();
    store.addServer('files');
    store.addPolicy('p', { statement: 'forbid (principal, action, resource in Mcp::Server::"flies");' });
    expect(() => app.synth()).toThrow('p:1:40: there is no server "flies" (did you mean "files"?)');
  });
});
