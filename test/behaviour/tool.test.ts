import { DAY, HOUR, MINUTE, Stand, alice } from './stand';

const TEAM = ['ada', 'bob', 'cem', 'dea', 'eli'].map((id) => ({ ...alice, id }));

/** How a tool is used by a team. */
interface Use {
  readonly team?: typeof TEAM;
  readonly tool?: string;
  readonly everyMs?: number;
  /** Of the answer to the call of this number. */
  readonly bytes?: (call: number) => number;
  readonly host?: string;
  /** Whether each also reads something large: then the tool is little of what they move. */
  readonly reads?: boolean;
}

/** Half a doubling up and down. */
const usualBytes = (call: number) => Math.round(2_000 * 2 ** ((((call * 7) % 11) - 5) / 10));

function use(stand: Stand, hours: number, { team = TEAM, tool = 'search', everyMs = MINUTE, bytes = usualBytes, host, reads = false }: Use = {}): void {
  const calls = (hours * HOUR) / everyMs;
  for (let call = 0; call < calls; call++) {
    stand.now += everyMs;
    const who = team[call % team.length]!;
    stand.call(tool, host === undefined ? { query: `topic ${call}` } : { url: `https://${host}/${call}` }, { responseBytes: bytes(call) }, who);
    if (reads) stand.call('read', { path: `notes/${call}.md` }, { responseBytes: 30 * usualBytes(call) }, who);
  }
}

/** Working days that the team had before. */
function learn(stand: Stand, days: number, how?: Use): void {
  for (let day = 0; day < days; day++) {
    use(stand, 8, how);
    stand.now += 16 * HOUR;
  }
}

const ofTool = (stand: Stand) => stand.detections.filter(({ principal }) => principal === undefined);

describe('a tool in everybody\'s hands', () => {
  test('TB-1 days as usual raise nothing, nor does a colleague who joins', () => {
    const stand = new Stand();
    learn(stand, 6);
    learn(stand, 4, { team: [...TEAM, { ...alice, id: 'new' }] });
    expect(stand.kinds).toEqual([]);
  });

  test('TB-1 one that answers three times as much to everybody is told of, once a day, while each answer is usual for whom it is for', () => {
    const stand = new Stand();
    learn(stand, 6, { reads: true });
    use(stand, 4, { reads: true, bytes: (call) => 3 * usualBytes(call) });
    expect(stand.detections).toEqual([expect.objectContaining({ kind: 'tool_size', server: 'files', tool: 'search', risk: 40, signals: [], why: expect.stringContaining('several principals') })]);
    expect(TEAM.map(({ id }) => stand.riskOf(id))).toEqual([0, 0, 0, 0, 0]);
  });

  test('TB-1 what grows for one or two of five is not the tool', () => {
    const stand = new Stand();
    learn(stand, 6);
    use(stand, 8, { bytes: (call) => (call % 5 < 2 ? 3 : 1) * usualBytes(call) });
    expect(ofTool(stand)).toEqual([]);
  });

  test('TB-1 slow poisoning: answers that grow by a third each day are told of before they are eight times as large', () => {
    const stand = new Stand();
    learn(stand, 6);
    let factor = 1;
    for (; ofTool(stand).length === 0 && factor < 8; factor *= 4 / 3) {
      const grown = factor;
      learn(stand, 1, { bytes: (call) => Math.round(grown * usualBytes(call)) });
    }
    expect(ofTool(stand)).toMatchObject([{ kind: 'tool_size' }]);
  });

  test('TB-1 cold start: of a tool that is new nothing is told, however it answers', () => {
    const stand = new Stand();
    use(stand, 1, { tool: 'export', bytes: (call) => 500 * (1 + call) });
    expect(ofTool(stand)).toEqual([]);
  });

  test('TB-1 one that several call six times as often as they used to is told of, and one that one principal does is not', () => {
    const alone = new Stand();
    learn(alone, 6);
    use(alone, 2, { everyMs: MINUTE / 6, team: TEAM.slice(0, 1) });
    expect(ofTool(alone)).toEqual([]);
    const together = new Stand();
    learn(together, 6);
    use(together, 2, { everyMs: MINUTE / 6 });
    expect(ofTool(together)).toMatchObject([{ kind: 'tool_rate', tool: 'search' }]);
  });

  test('TB-1 slow poisoning: calls that become a third more each day are told of before they are sixteen times as many', () => {
    const stand = new Stand();
    learn(stand, 6);
    let factor = 1;
    for (; ofTool(stand).length === 0 && factor < 16; factor *= 4 / 3) learn(stand, 1, { everyMs: MINUTE / factor });
    expect(ofTool(stand)).toMatchObject([{ kind: 'tool_rate' }]);
    expect(factor).toBeLessThan(16);
  });

  test('TB-1 a destination that several principals suddenly name to it is told of, and its name is not', () => {
    const stand = new Stand();
    learn(stand, 1, { tool: 'fetch', host: 'api.example.com' });
    use(stand, 1, { tool: 'fetch', host: 'drop.attacker.example', team: TEAM.slice(0, 2) });
    expect(ofTool(stand)).toEqual([]);
    use(stand, 1, { tool: 'fetch', host: 'drop.attacker.example' });
    expect(ofTool(stand)).toMatchObject([{ kind: 'tool_destination', tool: 'fetch' }]);
    expect(JSON.stringify(stand.detections)).not.toContain('drop.attacker');
  });

  test('TB-1 so is one that several principals name to a tool that was never given any', () => {
    const stand = new Stand();
    learn(stand, 1);
    use(stand, 0.1, { host: 'drop.attacker.example' });
    expect(ofTool(stand)).toMatchObject([{ kind: 'tool_destination', tool: 'search' }]);
  });

  test('TB-1 slow poisoning: one principal neither makes a destination known, however long, nor has it forgotten among others', () => {
    const stand = new Stand();
    learn(stand, 1, { tool: 'fetch', host: 'api.example.com' });
    learn(stand, 3, { tool: 'fetch', host: 'drop.attacker.example', team: TEAM.slice(0, 1) });
    use(stand, 0.1, { tool: 'fetch', host: 'drop.attacker.example', team: TEAM.slice(0, 2) });
    for (let i = 0; i < 200; i++) use(stand, 1 / 60, { tool: 'fetch', host: `flood-${i}.example`, team: TEAM.slice(0, 1) });
    use(stand, 1 / 60, { tool: 'fetch', host: 'drop.attacker.example', team: TEAM.slice(2, 3) });
    expect(ofTool(stand)).toMatchObject([{ kind: 'tool_destination' }]);
  });

  test('TB-1 a tool that goes anywhere is not watched for where it goes', () => {
    const stand = new Stand();
    for (let i = 0; i < 120; i++) use(stand, 1 / 60, { tool: 'fetch', host: `site-${i}.example` });
    use(stand, 1, { tool: 'fetch', host: 'another.example' });
    expect(ofTool(stand)).toEqual([]);
  });

  test('TB-1 the next day it is told of again', () => {
    const stand = new Stand();
    learn(stand, 6);
    learn(stand, 2, { bytes: (call) => 6 * usualBytes(call) });
    const [first, second, ...more] = ofTool(stand);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(DAY);
    expect(more).toEqual([]);
  });
});
