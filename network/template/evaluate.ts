import { parseCidr, splitCidr } from '../address';
import type { RawResource, TemplateBody, TemplateFile } from './load';
import { referenceTo } from './reference';
import { IPV6_STAND_IN, VPC_STAND_IN } from './stand-in';

/** All templates that are resolved together. */
export interface World {
  readonly files: readonly TemplateFile[];
  readonly scopes: Scope[];
  readonly vpcs: string[];
}

/** One template, where its names mean something. */
export interface Scope {
  readonly world: World;
  readonly stack: string;
  readonly body: TemplateBody;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly nested: Map<string, Scope>;
  readonly conditions: Map<string, boolean | undefined>;
  /** Values that are being resolved, against references in a circle. */
  readonly open: Set<string>;
}

/** A value that nothing here can know. */
function unknown(scope: Scope, what: string): string {
  return referenceTo(`${scope.stack}/?`, what.replace(/[{}#]/g, ''));
}

const NO_VALUE = Symbol('AWS::NoValue');

/** A value without references to parameters, conditions and functions of CloudFormation. */
export function resolve(scope: Scope, value: unknown): unknown {
  const resolved = evaluate(scope, value);
  return resolved === NO_VALUE ? undefined : resolved;
}

function evaluate(scope: Scope, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => evaluate(scope, item)).filter((item) => item !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [key, argument] = entries[0] ?? [];
  if (entries.length === 1 && key !== undefined && (key === 'Ref' || key.startsWith('Fn::'))) return call(scope, key, argument);
  return Object.fromEntries(entries.map(([name, item]) => [name, evaluate(scope, item)]).filter(([, item]) => item !== NO_VALUE));
}

function call(scope: Scope, name: string, argument: unknown): unknown {
  switch (name) {
    case 'Ref':
      return ref(scope, String(argument));
    case 'Fn::GetAtt': {
      const [logicalId, ...attribute] = typeof argument === 'string' ? argument.split('.') : (argument as unknown[]).map((part) => String(resolve(scope, part)));
      return getAttribute(scope, logicalId!, attribute.join('.'));
    }
    case 'Fn::Sub':
      return substitute(scope, argument);
    case 'Fn::Join': {
      const [separator, items] = argument as [string, unknown];
      const list = resolve(scope, items);
      return Array.isArray(list) ? list.map(String).join(separator) : unknown(scope, 'Fn::Join');
    }
    case 'Fn::Split': {
      const [separator, text] = argument as [string, unknown];
      const resolved = resolve(scope, text);
      return typeof resolved === 'string' ? resolved.split(separator) : [unknown(scope, 'Fn::Split')];
    }
    case 'Fn::Select': {
      const [index, items] = argument as [unknown, unknown];
      const list = resolve(scope, items);
      const item = Array.isArray(list) ? list[Number(resolve(scope, index))] : undefined;
      return item ?? unknown(scope, 'Fn::Select');
    }
    case 'Fn::GetAZs':
      return ['a', 'b', 'c', 'd', 'e', 'f'].map((zone) => `${referenceTo('AWS/Region')}${zone}`);
    case 'Fn::Cidr': {
      const [block, count, bits] = (argument as unknown[]).map((part) => resolve(scope, part));
      const range = parseCidr(block);
      return range ? splitCidr(range, Number(count), Number(bits ?? (range.family === 4 ? 8 : 64))) : [unknown(scope, 'Fn::Cidr')];
    }
    case 'Fn::FindInMap': {
      const [map, first, second] = (argument as unknown[]).map((part) => String(resolve(scope, part)));
      return scope.body.Mappings?.[map!]?.[first!]?.[second!] ?? unknown(scope, `Fn::FindInMap ${map}`);
    }
    case 'Fn::If': {
      const [condition, yes, no] = argument as [string, unknown, unknown];
      const decided = decide(scope, condition);
      if (decided === undefined) return unknown(scope, `condition ${condition}`);
      return evaluate(scope, decided ? yes : no);
    }
    case 'Fn::ImportValue': {
      const wanted = resolve(scope, argument);
      for (const other of scope.world.scopes) {
        for (const output of Object.values(other.body.Outputs ?? {})) {
          if (output.Export?.Name !== undefined && resolve(other, output.Export.Name) === wanted) return resolve(other, output.Value);
        }
      }
      return unknown(scope, `import ${String(wanted)}`);
    }
    case 'Fn::GetStackOutput': {
      const { StackName, OutputName } = argument as { StackName: unknown; OutputName: unknown };
      const stack = resolve(scope, StackName);
      const other = scope.world.scopes.find((candidate) => candidate.stack === stack);
      const output = other?.body.Outputs?.[String(resolve(scope, OutputName))];
      return other && output ? resolve(other, output.Value) : unknown(scope, `output of ${String(stack)}`);
    }
    case 'Fn::Base64':
      return resolve(scope, argument);
    case 'Fn::ToJsonString':
      return JSON.stringify(resolve(scope, argument));
    case 'Fn::Length': {
      const list = resolve(scope, argument);
      return Array.isArray(list) ? list.length : unknown(scope, name);
    }
    default:
      return unknown(scope, name);
  }
}

function ref(scope: Scope, name: string): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  if (name === 'AWS::URLSuffix') return 'amazonaws.com';
  if (name === 'AWS::Partition') return 'aws';
  // Without colons, which an ARN is split by.
  if (name.startsWith('AWS::')) return referenceTo(name.replace('::', '/'));
  if (name in scope.body.Resources) return referenceTo(`${scope.stack}/${name}`);
  const declared = scope.body.Parameters?.[name];
  if (!declared) return unknown(scope, `Ref ${name}`);
  // The default of an SSM parameter is the name of the value, not the value.
  const value = scope.parameters[name] ?? (declared.Type?.startsWith('AWS::SSM::') ? undefined : declared.Default);
  if (value === undefined) return unknown(scope, `parameter ${name}`);
  return typeof value === 'string' && /^(CommaDelimitedList|List<.*>)$/.test(declared.Type ?? '') ? value.split(',').map((item) => item.trim()) : value;
}

function getAttribute(scope: Scope, logicalId: string, attribute: string): unknown {
  const raw = scope.body.Resources[logicalId];
  const id = `${scope.stack}/${logicalId}`;
  if (!raw) return unknown(scope, `GetAtt ${logicalId}`);
  const key = `${logicalId}.${attribute}`;
  if (scope.open.has(key)) return unknown(scope, `${key} refers to itself`);
  scope.open.add(key);
  try {
    if (raw.Type === 'AWS::CloudFormation::Stack' && attribute.startsWith('Outputs.')) {
      const child = scope.nested.get(logicalId);
      const output = child?.body.Outputs?.[attribute.slice('Outputs.'.length)];
      return child && output ? resolve(child, output.Value) : unknown(scope, key);
    }
    return attributeOf(scope, id, raw, attribute);
  } finally {
    scope.open.delete(key);
  }
}

function attributeOf(scope: Scope, id: string, raw: RawResource, attribute: string): unknown {
  const property = (name: string) => resolve(scope, raw.Properties?.[name]);
  const vpc = Math.max(0, scope.world.vpcs.indexOf(id));
  switch (`${raw.Type} ${attribute}`) {
    case 'AWS::EC2::VPC CidrBlock':
      return property('CidrBlock') ?? VPC_STAND_IN;
    case 'AWS::EC2::VPC CidrBlockAssociations':
      return [];
    case 'AWS::EC2::VPC Ipv6CidrBlocks':
      return [IPV6_STAND_IN(vpc)];
    case 'AWS::EC2::Subnet CidrBlock':
      return property('CidrBlock');
    case 'AWS::EC2::Subnet Ipv6CidrBlocks':
      return [property('Ipv6CidrBlock')];
    case 'AWS::EC2::Subnet VpcId':
    case 'AWS::EC2::Subnet AvailabilityZone':
    case 'AWS::EC2::SecurityGroup VpcId':
      return property(attribute) ?? referenceTo(id, attribute);
    case 'AWS::NetworkFirewall::Firewall EndpointIds':
      return (property('SubnetMappings') as unknown[] | undefined ?? []).map((_, index) => `zone-${index}:${referenceTo(id, `EndpointIds.${index}`)}`);
    default:
      return referenceTo(id, attribute);
  }
}

function substitute(scope: Scope, argument: unknown): string {
  const [text, variables = {}] = Array.isArray(argument) ? (argument as [string, Record<string, unknown>]) : [String(argument)];
  return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    if (Object.hasOwn(variables, name)) return String(resolve(scope, variables[name]));
    const dot = name.indexOf('.');
    const value = dot < 0 ? ref(scope, name) : getAttribute(scope, name.slice(0, dot), name.slice(dot + 1));
    return value === NO_VALUE ? '' : String(value);
  });
}

/** Whether a condition holds; undefined where only the deployment knows. */
export function decide(scope: Scope, name: string): boolean | undefined {
  if (scope.conditions.has(name)) return scope.conditions.get(name);
  scope.conditions.set(name, undefined);
  const decided = test(scope, scope.body.Conditions?.[name]);
  scope.conditions.set(name, decided);
  return decided;
}

/** Undefined where the answer depends on what only the deployment knows. */
function test(scope: Scope, condition: unknown): boolean | undefined {
  const [name, argument] = Object.entries((condition ?? {}) as Record<string, unknown>)[0] ?? [];
  const parts = () => (argument as unknown[]).map((part) => test(scope, part));
  switch (name) {
    case 'Condition':
      return decide(scope, String(argument));
    case 'Fn::Not': {
      const [inner] = parts();
      return inner === undefined ? undefined : !inner;
    }
    case 'Fn::And': {
      const all = parts();
      return all.includes(false) ? false : all.includes(undefined) ? undefined : true;
    }
    case 'Fn::Or': {
      const all = parts();
      return all.includes(true) ? true : all.includes(undefined) ? undefined : false;
    }
    case 'Fn::Equals': {
      const [left, right] = (argument as unknown[]).map((part) => JSON.stringify(resolve(scope, part)));
      if (left === right) return true;
      return left?.includes('${') || right?.includes('${') ? undefined : false;
    }
    default:
      return undefined;
  }
}
