import { toOcsf } from '../../../lambda/audit';
import { eventWith } from '../events';

const asLine = (event: object) => event as Record<string, unknown>;

describe('audit events in OCSF (LOG-2, ENT-2)', () => {
  it('LOG-2 a request is API Activity, with who, what, from where and how it was decided', () => {
    const event = eventWith({ decision: 'deny', reason: 'forbidden', method: 'tools/call', server: 'files', target: 'write_file', policyIds: ['no-writes'], sourceIp: '192.0.2.1', principal: { type: 'Agent', id: 'bot', issuer: 'https://i.example' } });
    expect(toOcsf(asLine(event))).toMatchObject({
      class_uid: 6003,
      category_uid: 6,
      type_uid: 600399,
      time: Date.parse(event.time),
      severity_id: 2,
      status_id: 2,
      status_detail: 'forbidden',
      action_id: 2,
      actor: { user: { name: 'bot', type: 'Agent', domain: 'https://i.example' } },
      api: { operation: 'tools/call', service: { name: 'files' } },
      src_endpoint: { ip: '192.0.2.1' },
      resources: [{ name: 'write_file', type: 'tools' }],
      metadata: { version: '1.3.0', uid: event.requestId, correlation_uid: event.traceId },
      unmapped: { mcp: { agent_id: 'bot', tool: 'write_file', policy_ids: ['no-writes'] } },
    });
    expect(toOcsf(asLine(eventWith({ method: 'tools/list' })))).toMatchObject({ activity_id: 2, type_uid: 600302 });
    expect(JSON.stringify(toOcsf(asLine(event)))).not.toContain('undefined');
  });

  it('LOG-2 what people decide on grants and tools is Authorize Session', () => {
    const by = { type: 'User', id: 'carol', issuer: 'i' };
    expect(toOcsf({ time: '2026-11-22T12:00:00Z', kind: 'grant', action: 'approved', grant: 'g1', principal: { type: 'User', id: 'bob', issuer: 'i' }, by, server: 'memory', tool: 'delete', why: 'checked' })).toMatchObject({
      class_uid: 3003,
      activity_name: 'grant: approved',
      user: { name: 'bob' },
      actor: { user: { name: 'carol' } },
      unmapped: { mcp: { subject: 'memory/delete', grant: 'g1' } },
    });
    expect(toOcsf({ time: '2026-11-22T12:00:00Z', kind: 'tool', subject: 'a/b', action: 'quarantine', from: 'approved', to: 'quarantined', by: 'gateway', why: 'it changed' })).toMatchObject({ class_uid: 3003, message: 'it changed', unmapped: { mcp: { to: 'quarantined' } } });
  });

  it('LOG-3 what behaviour raised is a Detection Finding', () => {
    expect(toOcsf({ time: '2026-11-22T12:00:00Z', kind: 'detection', signal: 'loop', principal: '["i","Agent","bot"]', server: 'a', tool: 'b', risk: 80, signals: ['loop'], why: 'the same call over and over' })).toMatchObject({
      class_uid: 2004,
      type_uid: 200401,
      severity_id: 4,
      risk_score: 80,
      finding_info: { title: 'the same call over and over', types: ['loop'] },
      actor: { user: { name: 'bot' } },
    });
  });

  it('LOG-2 IR-2 a step of the response to an incident is an update of an Incident Finding', () => {
    const step = { time: '2026-11-22T12:00:00Z', kind: 'response', incident: 'inc-0123456789abcdef', incidentKind: 'exfiltration', severity: 'high', number: 1, action: 'block_principal', subject: 'principal User bob of i', state: 'undone', by: 'carol', outcome: 'its calls are served again' };
    expect(toOcsf(step)).toMatchObject({
      class_uid: 2005,
      category_uid: 2,
      type_uid: 200502,
      severity_id: 4,
      status_id: 2,
      status_detail: 'block_principal: undone',
      finding_info_list: [{ uid: 'inc-0123456789abcdef', types: ['exfiltration'] }],
      message: 'its calls are served again',
      unmapped: { mcp: { by: 'carol', subject: 'principal User bob of i' } },
    });
  });

  it('a checkpoint, and a line that is no event, are none', () => {
    expect(toOcsf({ time: '2026-11-22T12:00:00Z', kind: 'checkpoint' })).toBeUndefined();
    expect(toOcsf({ lost: 3 })).toBeUndefined();
  });
});
