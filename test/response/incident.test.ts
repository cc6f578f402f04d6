import fc from 'fast-check';
import { incidentId, INCIDENT_KINDS, planFor, readAddress, readIncident, type Incident } from '../../lambda/response';
import { ADDRESS, BOB, ECS, FILES, incident, READ } from './fixtures';

const parse = (value: unknown) => readIncident(JSON.parse(JSON.stringify(value)));

describe('reading an incident', () => {
  test.each(INCIDENT_KINDS)('IR-1 %s is read as it was written', (kind) => {
    expect(parse(incident(kind))).toEqual(incident(kind));
  });

  const BAD: readonly (readonly [string, object, string])[] = [
    ['an unknown kind', { kind: 'earthquake' }, 'kind is not one of tool_poisoning, unauthorised_access, exfiltration, server_compromise, denial_of_service'],
    ['an id of its own choice', { id: 'inc-0000000000000000' }, 'id is not that of its source'],
    ['no subject', { subjects: [] }, 'subjects is empty, expected at least one'],
    ['a subject that does not belong to the kind', { subjects: [FILES] }, 'subjects[0] is of the kind server, expected principal or address for unauthorised_access'],
    ['a network in the place of an address', { subjects: [{ kind: 'address', address: '0.0.0.0/0' }] }, 'subjects[0].address is not one IP address in its shortest form'],
    ['the address of nobody', { subjects: [{ kind: 'address', address: '127.0.0.1' }] }, 'subjects[0].address is not one IP address in its shortest form'],
    ['an unknown member', { command: 'rm' }, 'it has an unknown member, expected kind, id, severity, at, why, source, subjects, evidence'],
    ['a time that is none', { at: 'yesterday' }, 'at is not a time such as 2026-01-31T12:00:00Z'],
    ['too many subjects', { subjects: Array(21).fill(BOB) }, 'subjects has more than 20 elements'],
    ['too long a reason', { why: 'x'.repeat(1_001) }, 'why is not a text of 1 to 1000 characters'],
    ['evidence that ends before it begins', { evidence: [{ kind: 'audit', from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }] }, 'evidence[0].from is after evidence[0].to'],
  ];
  test.each(BAD)('IR-1 refuses %s, in one sentence', (_, change, sentence) => {
    expect(() => parse({ ...incident(), ...change })).toThrow(`Not an incident: ${sentence}`);
  });

  test('IR-1 refuses a workload whose name is a path', () => {
    const workload = { kind: 'workload', platform: 'kubernetes', cluster: 'c', namespace: '../../secrets', deployment: 'd' };
    expect(() => parse({ ...incident('server_compromise'), subjects: [workload] })).toThrow('subjects[0].namespace does not match');
  });

  test('anything at all is an incident or a sentence', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(incident())), (value, member) => {
        for (const tried of [value, { ...incident(), [member]: value }]) {
          try {
            parse(tried);
          } catch (error) {
            expect((error as Error).name).toBe('NotAnIncident');
          }
        }
      }),
    );
  });

  test('an address has one form', () => {
    expect(['::FFFF:203.0.113.7', '2001:DB8:0:0:0:0:0:1', '203.0.113.7', '010.0.0.1', '0x7f.1', 'fe80::1%eth0', '::', '255.255.255.255', 'host'].map(readAddress)).toEqual(['203.0.113.7', '2001:db8::1', '203.0.113.7', undefined, undefined, undefined, undefined, undefined, undefined]);
  });
});

describe('playbooks', () => {
  const plan = (...given: Parameters<typeof planFor>) => planFor(...given).map(({ action: { kind }, mode }) => (mode === 'automatic' ? kind : `${kind} (${mode})`));

  test('IR-2 each kind of incident has its own', () => {
    const plans = Object.fromEntries(INCIDENT_KINDS.map((kind) => [kind, plan(incident(kind))]));
    expect(plans).toEqual({
      tool_poisoning: ['quarantine_tool', 'revoke_grants', 'preserve_evidence', 'notify'],
      unauthorised_access: ['block_principal', 'revoke_grants', 'block_address', 'preserve_evidence', 'notify'],
      exfiltration: ['block_principal', 'revoke_grants', 'quarantine_tool', 'revoke_grants', 'preserve_evidence', 'notify'],
      server_compromise: ['block_server', 'revoke_grants', 'preserve_evidence', 'isolate_workload', 'notify'],
      denial_of_service: ['block_address', 'preserve_evidence', 'notify'],
    });
  });

  test('IR-2 a compromised server takes its workloads with it, and a workload its servers', () => {
    const estate = { workloads: { files: [ECS], memory: [{ ...ECS, service: 'memory' }] } };
    expect(plan(incident('server_compromise', { subjects: [FILES] } as Partial<Incident>), estate)).toContain('isolate_workload');
    const byWorkload = planFor(incident('server_compromise', { subjects: [ECS] } as Partial<Incident>), estate);
    expect(byWorkload[0]!.action).toEqual({ kind: 'block_server', server: FILES });
    expect(byWorkload.filter(({ action }) => action.kind === 'isolate_workload')).toHaveLength(1);
  });

  test('SOC-3 where it is known which workloads are those of servers, no other is cut off: its evidence is kept, and people are told', () => {
    const estate = { workloads: { files: [ECS] } };
    const gateway = incident('server_compromise', { subjects: [{ ...ECS, service: 'gateway' }], severity: 'critical' } as Partial<Incident>);
    expect(plan(gateway, estate)).toEqual(['preserve_evidence', 'notify']);
    expect(plan(gateway, { workloads: {} })).toEqual(['preserve_evidence', 'notify']);
    expect(plan(gateway)).toEqual(['preserve_evidence', 'isolate_workload', 'stop_workload (approval)', 'notify']);
  });

  test('SOC-3 what stops a workload waits for a person, however severe the incident is', () => {
    expect(plan(incident('server_compromise', { severity: 'critical' }))).toEqual(['block_server', 'revoke_grants', 'preserve_evidence', 'isolate_workload', 'stop_workload (approval)', 'notify']);
  });

  test('SOC-3 what is spared, and what is not sure, waits for a person; evidence and word to people do not', () => {
    expect(plan(incident(), {}, { protected: ['address 203.0.113.7'] })).toEqual(['block_principal', 'revoke_grants', 'block_address (approval)', 'preserve_evidence', 'notify']);
    expect(plan(incident('tool_poisoning', { severity: 'medium' }))).toEqual(['quarantine_tool (approval)', 'revoke_grants (approval)', 'preserve_evidence', 'notify']);
    expect(plan(incident('tool_poisoning', { severity: 'medium' }), {}, { automaticFrom: 'low' })).toEqual(['quarantine_tool', 'revoke_grants', 'preserve_evidence', 'notify']);
  });

  test('the same subject twice is contained once', () => {
    expect(plan(incident('denial_of_service', { subjects: [ADDRESS, ADDRESS] } as Partial<Incident>))).toEqual(['block_address', 'preserve_evidence', 'notify']);
  });

  test('an incident has one id for one event', () => {
    expect(incidentId({ name: 'a', eventId: 'b c' })).toBe(incidentId({ name: 'a', eventId: 'b c' }));
    expect(incidentId({ name: 'a b', eventId: 'c' })).not.toBe(incidentId({ name: 'a', eventId: 'b c' }));
    expect(incident('tool_poisoning').subjects).toEqual([READ]);
  });
});
