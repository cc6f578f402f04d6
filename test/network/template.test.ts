import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTemplates, resolveTemplates, TemplateError } from '../../network';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'network-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const thing = (properties: unknown) => ({ Type: 'Test::Thing', Properties: properties });
const propertiesOf = (path: string, id: string, parameters?: Record<string, string>) => resolveTemplates(loadTemplates(path), parameters).resources.get(id)?.properties;

describe('templates', () => {
  it('the short forms of YAML are what the long forms of JSON are', () => {
    const yaml = write('y.yaml', ['Resources:', '  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.1.0.0/16 } }', '  T:', '    Type: Test::Thing', '    Properties:', '      A: !Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]', '      B: !Sub "${Vpc}-${!x}-${AWS::Partition}"', '      C: !Join [":", [a, !Ref Vpc]]'].join('\n'));
    expect(propertiesOf(yaml, 'y/T')).toEqual({ A: '10.1.1.0/24', B: '${y/Vpc}-${x}-aws', C: 'a:${y/Vpc}' });
  });

  it('parameters, mappings and conditions', () => {
    const path = write('p.json', {
      Parameters: { Stage: { Type: 'String', Default: 'dev' }, Zones: { Type: 'CommaDelimitedList', Default: 'a, b' } },
      Mappings: { M: { dev: { block: '10.2.0.0/16' }, prod: { block: '10.3.0.0/16' } } },
      Conditions: { Prod: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] }, NotProd: { 'Fn::Not': [{ Condition: 'Prod' }] } },
      Resources: {
        T: thing({ block: { 'Fn::FindInMap': ['M', { Ref: 'Stage' }, 'block'] }, zone: { 'Fn::Select': [1, { Ref: 'Zones' }] }, size: { 'Fn::If': ['Prod', 'big', { Ref: 'AWS::NoValue' }] } }),
        Only: { ...thing({}), Condition: 'Prod' },
      },
    });
    expect(propertiesOf(path, 'p/T')).toEqual({ block: '10.2.0.0/16', zone: 'b' });
    expect(propertiesOf(path, 'p/Only')).toBeUndefined();
    expect(propertiesOf(path, 'p/Only', { Stage: 'prod' })).toEqual({});
    expect(propertiesOf(path, 'p/T', { Stage: 'prod' })).toEqual({ block: '10.3.0.0/16', zone: 'b', size: 'big' });
  });

  it('stacks that refer to each other by exports and by outputs', () => {
    write('a.json', { Resources: { Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.4.0.0/16' } } }, Outputs: { O: { Value: { Ref: 'Vpc' }, Export: { Name: 'the-vpc' } }, C: { Value: { 'Fn::GetAtt': ['Vpc', 'CidrBlock'] } } } });
    write('b.yaml', 'Resources:\n  T: { Type: Test::Thing, Properties: { vpc: !ImportValue the-vpc, block: !GetStackOutput { StackName: a, OutputName: C }, gone: !ImportValue nobody } }');
    expect(propertiesOf(folder, 'b/T')).toEqual({ vpc: '${a/Vpc}', block: '10.4.0.0/16', gone: '${b/?#import nobody}' });
  });

  it('a cloud assembly with a nested stack and a stage', () => {
    write('manifest.json', { artifacts: { A: { type: 'aws:cloudformation:stack', properties: { templateFile: 'A.template.json' } }, S: { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-S' } } } });
    write('A.assets.json', { files: { cafe: { source: { path: 'AN.nested.template.json' } } } });
    write('A.template.json', { Resources: { N: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: { 'Fn::Sub': 'https://bucket/cafe.json' }, Parameters: { V: 'given' } } }, T: thing({ from: { 'Fn::GetAtt': ['N', 'Outputs.O'] } }) } });
    write('AN.nested.template.json', { Parameters: { V: { Type: 'String' } }, Resources: { I: thing({ v: { Ref: 'V' } }) }, Outputs: { O: { Value: { Ref: 'I' } } } });
    write('assembly-S/manifest.json', { artifacts: { B: { type: 'aws:cloudformation:stack', properties: { templateFile: 'B.template.json' } } } });
    write('assembly-S/B.template.json', { Resources: { T: thing({}) } });
    const { resources } = resolveTemplates(loadTemplates(folder));
    expect(resources.get('A/N/I')?.properties).toEqual({ v: 'given' });
    expect(resources.get('A/T')?.properties).toEqual({ from: '${A/N/I}' });
    expect(resources.has('B/T')).toBe(true);
  });

  it('references in a circle end', () => {
    const path = write('c.json', { Resources: { Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: { 'Fn::GetAtt': ['Vpc', 'CidrBlock'] } } } } });
    expect(propertiesOf(path, 'c/Vpc')?.CidrBlock).toContain('refers to itself');
  });

  it.each([
    ['a path that is not there', () => join(folder, 'none'), /does not exist/],
    ['a folder without templates', () => folder, /holds no template/],
    ['a file that is no template', () => write('x.json', { a: 1 }), /no CloudFormation template/],
    ['a file that is no JSON', () => write('x.json', '{'), /cannot be parsed/],
    ['a file that is no YAML', () => write('x.yaml', 'a: [1'), /cannot be parsed/],
  ])('says what is wrong: %s', (_, path, message) => {
    expect(() => loadTemplates(path())).toThrow(message);
    expect(() => loadTemplates(path())).toThrow(TemplateError);
  });
});
