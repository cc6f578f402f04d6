import { incidentOfDetection, incidentOfEvent, INCIDENT_EVENT, RESPONDER, type AlarmMeaning, type Estate } from '../../lambda/response';
import { ADDRESS, AT, ECS, incident, READ } from './fixtures';

const event = (source: string, type: string, detail: object) => ({ source, 'detail-type': type, detail: JSON.parse(JSON.stringify(detail)) });
const PIN = 'a'.repeat(64);
const registry = (step: object) => event('mcp-zero-trust.registry', 'MCP Tool State Change', { subject: 'files/read', revision: 4, pin: PIN, by: 'gateway', at: AT, why: 'its definition changed', from: 'approved', to: 'quarantined', action: 'change', ...step });

describe('events that tell of incidents', () => {
  test('TD-4 a definition that changed after its approval is tool poisoning', () => {
    expect(incidentOfEvent(registry({}))).toMatchObject({ kind: 'tool_poisoning', severity: 'high', subjects: [READ], evidence: [{ kind: 'definition', server: 'files', tool: 'read', pin: PIN }, { kind: 'audit', from: '2026-11-22T11:45:00.000Z' }] });
    expect(incidentOfEvent(registry({ verdict: 'reject' }))).toMatchObject({ severity: 'critical' });
    expect(incidentOfEvent(registry({ subject: 'files' }))).toMatchObject({ subjects: [{ kind: 'tool', server: 'files' }] });
  });

  test('IR-1 what the detector stops is one too; what people stopped, and what the response stopped itself, is not', () => {
    expect(incidentOfEvent(registry({ action: 'quarantine', by: 'schedule', why: 'the detector rejects it now: it gives orders' }))).toMatchObject({ kind: 'tool_poisoning' });
    expect(incidentOfEvent(registry({ action: 'quarantine', by: 'carol', why: 'I do not like it' }))).toBeUndefined();
    expect(incidentOfEvent(registry({ action: 'quarantine', by: RESPONDER, why: 'the detector rejects it now' }))).toBeUndefined();
    expect(incidentOfEvent(registry({ action: 'approve', from: 'review', to: 'approved' }))).toBeUndefined();
  });

  const ecs = { resourceType: 'ECSCluster', ecsClusterDetails: { name: 'zone', taskDetails: { group: 'service:files' } } };
  const eks = { resourceType: 'EKSCluster', eksClusterDetails: { name: 'mcp' }, kubernetesDetails: { kubernetesWorkloadDetails: { name: 'files-7d4b9c6f5d-x2x7k', type: 'pods', namespace: 'mcp-files' } } };
  const finding = (type: string, resource: object, more: object = {}) => event('aws.guardduty', 'GuardDuty Finding', { id: 'finding-1', type, severity: 8, updatedAt: AT, resource, service: { count: 1, eventLastSeen: AT }, ...more });

  test.each([
    ['Execution:Runtime/ReverseShell', ecs, 'server_compromise', { platform: 'ecs', cluster: 'zone', service: 'files' }],
    ['CryptoCurrency:Runtime/BitcoinTool.B', eks, 'server_compromise', { platform: 'kubernetes', cluster: 'mcp', namespace: 'mcp-files', deployment: 'files' }],
    ['Backdoor:Runtime/DenialOfService.UdpProtocol', ecs, 'denial_of_service', { platform: 'ecs' }],
    ['Exfiltration:Runtime/AnomalousBehavior', ecs, 'exfiltration', { platform: 'ecs' }],
  ])('HOST-1 GuardDuty: %s', (type, resource, kind, workload) => {
    expect(incidentOfEvent(finding(type, resource))).toMatchObject({ kind, severity: 'high', subjects: [{ kind: 'workload', ...workload }], evidence: [{ kind: 'finding', id: 'finding-1' }, { kind: 'audit' }] });
  });

  test('GuardDuty: severities, and what is no workload of ours', () => {
    const severity = (value: number) => incidentOfEvent(finding('Execution:Runtime/ReverseShell', ecs, { severity: value }))?.severity;
    expect([9.5, 7, 5, 2].map(severity)).toEqual(['critical', 'high', 'medium', 'low']);
    expect(incidentOfEvent(finding('UnauthorizedAccess:IAMUser/ConsoleLogin', { resourceType: 'AccessKey' }))).toBeUndefined();
  });

  test('SOC-3 GuardDuty: what is found in clusters that no server runs in is other people\'s', () => {
    const found = (resource: object, estate: Estate) => incidentOfEvent(finding('Execution:Runtime/ReverseShell', resource), {}, estate)?.subjects[0];
    const zone: Estate = { workloads: { files: [ECS] } };
    expect(found(ecs, zone)).toEqual(ECS);
    expect(found({ ...ecs, ecsClusterDetails: { name: 'payments', taskDetails: { group: 'service:files' } } }, zone)).toBeUndefined();
    expect(found({ ...eks, eksClusterDetails: { name: 'zone' } }, zone)).toBeUndefined();
    const cluster: Estate = { workloads: { files: [{ kind: 'workload', platform: 'kubernetes', cluster: 'mcp', namespace: 'mcp-files', deployment: 'files' }] } };
    expect(found(eks, cluster)).toMatchObject({ deployment: 'files' });
    expect(found({ ...eks, eksClusterDetails: { name: 'payments' } }, cluster)).toBeUndefined();
    expect(found(eks, { workloads: {}, eksClusters: ['mcp'] })).toMatchObject({ deployment: 'files' });
    expect([ecs, eks].map((resource) => found(resource, { workloads: {} }))).toEqual([undefined, undefined]);
  });

  test('an alarm means what whoever made it says, and only when it goes off', () => {
    const meaning: AlarmMeaning = { kind: 'denial_of_service', severity: 'medium', subjects: [ADDRESS] };
    const alarm = (value: string) => event('aws.cloudwatch', 'CloudWatch Alarm State Change', { alarmName: 'Flood', state: { value, timestamp: '2026-11-22T12:00:00.000+0000' } });
    expect(incidentOfEvent(alarm('ALARM'), { Flood: meaning })).toMatchObject({ ...meaning, evidence: [{ kind: 'alarm', name: 'Flood' }, { kind: 'audit' }] });
    expect(incidentOfEvent(alarm('OK'), { Flood: meaning })).toBeUndefined();
    expect(incidentOfEvent(alarm('ALARM'), {})).toBeUndefined();
  });

  test('IR-1 an incident on the bus is read strictly, and a detail is believed for its own source alone', () => {
    expect(incidentOfEvent(event(INCIDENT_EVENT.source, INCIDENT_EVENT.detailType, incident()))).toEqual(incident());
    expect(() => incidentOfEvent(event(INCIDENT_EVENT.source, INCIDENT_EVENT.detailType, { ...incident(), extra: 1 }))).toThrow('Not an incident');
    expect(incidentOfEvent(event('somebody.else', INCIDENT_EVENT.detailType, incident()))).toBeUndefined();
    expect(() => incidentOfEvent(registry({ subject: '../../x/y' }))).toThrow('Not an incident');
  });

  test('SOC-3 CV-2 behaviour: several signals together are severe, one alone is not', () => {
    const principal = JSON.stringify(['https://issuer.example', 'User', 'bob']);
    const detection = { at: Date.parse(AT), principal, sourceIp: '203.0.113.7', signals: ['dlp', 'volume'], why: 'protected data' } as const;
    expect(incidentOfDetection({ ...detection, kind: 'combined', risk: 85 })).toMatchObject({ kind: 'exfiltration', severity: 'high', subjects: [{ kind: 'principal', type: 'User', id: 'bob', issuer: 'https://issuer.example' }] });
    expect(incidentOfDetection({ ...detection, kind: 'dlp', risk: 40 })).toMatchObject({ severity: 'low' });
    expect(incidentOfDetection({ ...detection, kind: 'failures_then_success', risk: 60 })).toMatchObject({ kind: 'unauthorised_access', severity: 'medium', subjects: [{ kind: 'principal' }, ADDRESS] });
    expect(incidentOfDetection({ ...detection, kind: 'loop', risk: 50 })).toMatchObject({ kind: 'denial_of_service', subjects: [{ kind: 'principal' }] });
  });

  test.each([['tool_size', 'exfiltration'], ['tool_rate', 'tool_poisoning'], ['tool_destination', 'exfiltration']] as const)('TB-1 behaviour: %s is an incident of the tool, which waits for a person', (kind, of) => {
    const detection = { kind, at: Date.parse(AT), server: 'files', tool: 'search', risk: 40, signals: [], why: 'a tool' } as const;
    expect(incidentOfDetection(detection)).toMatchObject({ kind: of, severity: 'low', subjects: [{ kind: 'tool', server: 'files', tool: 'search' }] });
  });
});
