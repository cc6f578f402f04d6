import { gzipSync } from 'node:zlib';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import { toAsff } from '../../lambda/audit';
import { createSecurityFindings } from '../../lambda/deployment/aws-security-findings';
import { readIncident } from '../../lambda/response/read-incident';
import { behaviourLine, requestLine } from '../lib/observability/written-lines';

const hub = mockClient(SecurityHubClient);
const bus = mockClient(EventBridgeClient);
const said: any[] = [];
beforeEach(() => {
  hub.reset();
  bus.reset();
  said.length = 0;
  hub.on(BatchImportFindingsCommand).resolves({ FailedCount: 0 });
  bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
});

const CONTEXT = { partition: 'aws', region: 'eu-west-1', account: '123456789012', gateway: 'McpZeroTrust/Gateway' };
const QUARANTINE = JSON.stringify({ kind: 'tool', action: 'change', from: 'approved', to: 'quarantined', subject: 'files/read_file', pin: 'a'.repeat(64), by: 'detector', at: '2026-11-22T12:00:00.000Z', why: 'its description changed', verdict: 'reject' });
const KILL_SWITCH = JSON.stringify({ time: '2026-11-22T12:00:00.000Z', kind: 'kill_switch', action: 'blocked', target: { server: 'files' }, by: { type: 'User', id: 'ada', issuer: 'i' }, why: 'ticket 7' });

const delivered = (messages: readonly string[], messageType = 'DATA_MESSAGE') => ({
  awslogs: { data: gzipSync(JSON.stringify({ messageType, owner: '1', logGroup: 'g', logStream: 's', subscriptionFilters: [], logEvents: messages.map((message, index) => ({ id: `${index}`, timestamp: 1, message })) })).toString('base64') },
});
const importing = (withHub = true) => createSecurityFindings({ events: new EventBridgeClient({ region: 'local' }), bus: 'default', hub: withHub ? new SecurityHubClient({ region: 'local' }) : undefined, context: CONTEXT, writeLine: (line) => said.push(JSON.parse(line)) });
const imported = () => hub.commandCalls(BatchImportFindingsCommand).flatMap(({ args: [{ input }] }) => input.Findings!);
const told = () => bus.commandCalls(PutEventsCommand).flatMap(({ args: [{ input }] }) => input.Entries!);

describe('findings of the gateway', () => {
  it('SOC-3 what behaviour raised is an incident on the bus and a finding in Security Hub; requests are neither', async () => {
    await importing()(delivered([behaviourLine({ kind: 'failures_then_success', risk: 85 }), requestLine(), 'REPORT RequestId', behaviourLine({ kind: 'dlp', risk: 40 })]));
    expect(imported()).toMatchObject([
      { Types: ['TTPs/Credential Access'], Severity: { Label: 'HIGH' }, ProductArn: 'arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default', GeneratorId: 'cdk-mcp-zero-trust/behaviour/failures_then_success', CreatedAt: '2026-11-22T00:00:00.000Z' },
      { Types: ['Effects/Data Exposure'], Severity: { Label: 'LOW' } },
    ]);
    expect(told()).toMatchObject([{ Source: 'mcp-zero-trust.security', DetailType: 'MCP Security Incident', EventBusName: 'default' }, {}]);
    const incidents = told().map(({ Detail }) => readIncident(JSON.parse(Detail!)));
    expect(incidents).toMatchObject([{ kind: 'unauthorised_access', severity: 'high', subjects: [{ kind: 'principal', id: 'ada' }, { kind: 'address', address: '203.0.113.9' }] }, { kind: 'exfiltration' }]);
  });

  it('LOG-3 a definition in quarantine and the kill switch are findings too, and other steps are not', async () => {
    await importing()(delivered([QUARANTINE, KILL_SWITCH, QUARANTINE.replace('"approved"', '"review"'), KILL_SWITCH.replace('"blocked"', '"unblocked"')]));
    expect(imported()).toMatchObject([
      { Severity: { Label: 'CRITICAL' }, Title: 'MCP: the definition of files/read_file is in quarantine', Resources: [{ Type: 'Other', Id: 'mcp:definition/files/read_file' }] },
      { Severity: { Label: 'HIGH' }, Title: 'MCP: the kill switch was used', ProductFields: { 'mcp/target': '{"server":"files"}' } },
    ]);
    expect(told()).toEqual([]);
  });

  it('LOG-3 the same line is the same finding, wherever in a chain it stands', () => {
    const line = JSON.parse(behaviourLine());
    const [once, again] = [toAsff({ chain: { seq: 1 }, ...line }, CONTEXT), toAsff({ chain: { seq: 9 }, ...line }, CONTEXT)];
    expect(once!.Id).toBe(again!.Id);
    expect(toAsff({ ...line, risk: 51 }, CONTEXT)!.Id).not.toBe(once!.Id);
  });

  it('LOG-3 stays within what Security Hub takes, whatever clients call themselves', () => {
    const finding = toAsff(JSON.parse(behaviourLine({ principal: JSON.stringify(['i', 'User', 'x'.repeat(5_000)]), why: 'y'.repeat(5_000) })), CONTEXT)!;
    expect(finding.Title.length).toBeLessThanOrEqual(256);
    expect(finding.Description.length).toBeLessThanOrEqual(1_024);
    expect(Math.max(...finding.Resources.map(({ Id }) => Id.length))).toBeLessThanOrEqual(512);
    expect(Object.values(finding.ProductFields).every((value) => value.length <= 1_024)).toBe(true);
  });

  it('SOC-3 incidents are told where Security Hub is off, and that it is off is said', async () => {
    hub.on(BatchImportFindingsCommand).rejects(Object.assign(new Error('x'), { name: 'InvalidAccessException' }));
    await importing()(delivered([behaviourLine()]));
    expect(told()).toHaveLength(1);
    expect(said).toEqual([{ kind: 'failure', message: 'Security Hub takes no findings: InvalidAccessException' }]);
    await importing(false)(delivered([behaviourLine()]));
    expect(said).toHaveLength(1);
  });

  it('SOC-3 lines come again where the bus takes no incident; what Security Hub did not take is said', async () => {
    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 1 });
    hub.on(BatchImportFindingsCommand).resolves({ FailedCount: 1, FailedFindings: [{ Id: 'x', ErrorCode: 'InvalidInput', ErrorMessage: 'm' }] });
    await expect(importing()(delivered([behaviourLine()]))).rejects.toThrow('did not take 1 incidents');
    expect(said).toEqual([{ kind: 'failure', message: 'Security Hub did not take 1 findings: InvalidInput' }]);
  });

  it('sends many at once, in as many parts as the services take, and nothing of a control message', async () => {
    await importing()(delivered(Array.from({ length: 101 }, (_, at) => behaviourLine({ at }))));
    expect([hub.commandCalls(BatchImportFindingsCommand).length, bus.commandCalls(PutEventsCommand).length]).toEqual([2, 11]);
    await importing()(delivered([behaviourLine()], 'CONTROL_MESSAGE'));
    expect(told()).toHaveLength(101);
  });
});
