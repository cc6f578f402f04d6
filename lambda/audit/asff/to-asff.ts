import { hash } from 'node:crypto';

/** A finding in the AWS Security Finding Format, as far as it is made here. */
export interface AsffFinding {
  readonly SchemaVersion: '2018-10-08';
  readonly Id: string;
  readonly ProductArn: string;
  readonly GeneratorId: string;
  readonly AwsAccountId: string;
  readonly Types: string[];
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Severity: { readonly Label: 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL' };
  readonly Title: string;
  readonly Description: string;
  readonly Resources: { readonly Type: string; readonly Id: string }[];
  readonly ProductFields: Record<string, string>;
  readonly RecordState: 'ACTIVE';
}

export interface AsffContext {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** Names the gateway to people, such as its ARN or its metrics' namespace. */
  readonly gateway: string;
}

type Line = Readonly<Record<string, unknown>>;

/** What signals are signs of, in the taxonomy of the format. */
const TYPES: Readonly<Record<string, string>> = {
  size: 'Effects/Data Exfiltration',
  volume: 'Effects/Data Exfiltration',
  destination: 'Effects/Data Exfiltration',
  dlp: 'Effects/Data Exposure',
  rate: 'Effects/Denial of Service',
  loop: 'Effects/Denial of Service',
  refusals: 'TTPs/Discovery',
  failures_then_success: 'TTPs/Credential Access',
  tool_size: 'Effects/Data Exfiltration',
  tool_rate: 'Unusual Behaviors/Application',
  tool_destination: 'Effects/Data Exfiltration',
};
const OTHER_BEHAVIOUR = 'Unusual Behaviors/User';

const MOST_TITLE = 256;
const MOST_TEXT = 1_024;

/**
 * A line of the audit trail that is a finding: what behaviour raised, a definition that went into quarantine after it was approved, a use of the
 * kill switch. `undefined` for all others. It holds no argument and no result, as the trail holds none.
 */
export function toAsff(line: Line, context: AsffContext): AsffFinding | undefined {
  const time = typeof line.time === 'string' ? line.time : typeof line.at === 'string' ? line.at : undefined;
  if (time === undefined || Number.isNaN(Date.parse(time))) return undefined;
  if (line.kind === 'detection') return ofDetection(line, time, context);
  if (line.kind === 'tool' && line.to === 'quarantined' && line.from === 'approved') return ofQuarantine(line, time, context);
  if (line.kind === 'kill_switch' && line.action === 'blocked') return ofKillSwitch(line, time, context);
  return undefined;
}

function ofDetection(line: Line, time: string, context: AsffContext): AsffFinding {
  const risk = Number(line.risk);
  const signal = text(line.signal);
  return {
    ...common(line, time, context, `behaviour/${signal}`),
    Types: [TYPES[signal] ?? OTHER_BEHAVIOUR],
    Severity: { Label: risk >= 80 ? 'HIGH' : risk >= 50 ? 'MEDIUM' : 'LOW' },
    Title: cut(`MCP: ${text(line.why)}`, MOST_TITLE),
    Description: cut(`Behaviour through an MCP gateway is unusual: ${text(line.why)}. Risk ${risk} of 100.`, MOST_TEXT),
    Resources: resourcesOf(line, context),
    ProductFields: fieldsOf({ 'mcp/signal': line.signal, 'mcp/risk': line.risk, 'mcp/server': line.server, 'mcp/tool': line.tool, 'mcp/principal': line.principal, 'mcp/sourceIp': line.sourceIp }),
  };
}

function ofQuarantine(line: Line, time: string, context: AsffContext): AsffFinding {
  return {
    ...common(line, time, context, 'registry/quarantine'),
    Types: ['Software and Configuration Checks/AWS Security Best Practices'],
    Severity: { Label: line.verdict === 'reject' ? 'CRITICAL' : 'HIGH' },
    Title: cut(`MCP: the definition of ${text(line.subject)} is in quarantine`, MOST_TITLE),
    Description: cut(`An approved definition is not served any more: ${text(line.why)}`, MOST_TEXT),
    Resources: [{ Type: 'Other', Id: `mcp:definition/${text(line.subject)}` }],
    ProductFields: fieldsOf({ 'mcp/subject': line.subject, 'mcp/pin': line.pin, 'mcp/verdict': line.verdict, 'mcp/by': line.by }),
  };
}

function ofKillSwitch(line: Line, time: string, context: AsffContext): AsffFinding {
  return {
    ...common(line, time, context, 'grants/kill-switch'),
    Types: ['Unusual Behaviors/Application'],
    Severity: { Label: 'HIGH' },
    Title: 'MCP: the kill switch was used',
    Description: cut(`Access through an MCP gateway was blocked: ${text(line.why)}`, MOST_TEXT),
    Resources: [{ Type: 'Other', Id: `mcp:target/${cut(JSON.stringify(line.target), 400)}` }],
    ProductFields: fieldsOf({ 'mcp/target': JSON.stringify(line.target) }),
  };
}

/** The same line is the same finding, however often it is delivered. */
function common(line: Line, time: string, { partition, region, account }: AsffContext, generator: string) {
  const { chain: _chain, ...event } = line;
  return {
    SchemaVersion: '2018-10-08',
    Id: `mcp-zero-trust/${generator}/${hash('sha256', JSON.stringify(event), 'hex').slice(0, 32)}`,
    ProductArn: `arn:${partition}:securityhub:${region}:${account}:product/${account}/default`,
    GeneratorId: `cdk-mcp-zero-trust/${generator}`,
    AwsAccountId: account,
    CreatedAt: new Date(time).toISOString(),
    UpdatedAt: new Date(time).toISOString(),
    RecordState: 'ACTIVE',
  } as const;
}

function resourcesOf(line: Line, { gateway }: AsffContext): { Type: string; Id: string }[] {
  const principal = typeof line.principal === 'string' ? [{ Type: 'Other', Id: cut(`mcp:principal/${line.principal}`, 512) }] : [];
  const address = typeof line.sourceIp === 'string' ? [{ Type: 'Other', Id: `mcp:address/${line.sourceIp}` }] : [];
  return [...principal, ...address, { Type: 'Other', Id: `mcp:gateway/${gateway}` }];
}

function fieldsOf(fields: Line): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) => [name, cut(text(value), MOST_TEXT)]));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}

function cut(value: string, most: number): string {
  return value.length <= most ? value : `${value.slice(0, most - 1)}…`;
}
