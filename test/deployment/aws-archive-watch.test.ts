import { createBehaviourMonitor, detectionLine, type Detection } from '../../lambda/behaviour';
import { createArchiveWatch } from '../../lambda/deployment/aws-archive-watch';
import { eventWith, type WrittenEvent } from '../audit/events';

const START = Date.parse('2026-11-02T08:00:00Z');
const MALLORY = { type: 'User', id: 'mallory', issuer: 'https://issuer.example' };
const INSTANCES = 8;
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

const lineOf = (at: number, more: Partial<WrittenEvent>) => ({ kind: 'audit', ...eventWith({ decision: 'allow', httpStatus: 200, reason: undefined, sourceIp: '192.0.2.7', principal: MALLORY, argumentsDigest: 'd', ...more, time: new Date(START + at).toISOString() }) });
type Line = ReturnType<typeof lineOf>;

/** What each of many instances finds in its share: every eighth line. */
function foundByInstances(lines: readonly Line[]): Detection[] {
  const found: Detection[] = [];
  for (let instance = 0; instance < INSTANCES; instance += 1) {
    const monitor = createBehaviourMonitor({ onDetection: (detection) => found.push(detection) });
    for (const line of lines.filter((_, index) => index % INSTANCES === instance)) {
      if (line.method === 'tools/call' && line.principal) monitor.assess({ principal: 'm', server: line.server!, tool: line.target!, arguments: {}, argumentsDigest: line.argumentsDigest, now: Date.parse(line.time) });
      monitor.sink.write(line);
    }
  }
  return found;
}

function watch() {
  const found: Detection[] = [];
  const { read } = createArchiveWatch({ onDetection: (detection) => found.push(detection) });
  return { found, read };
}

/** The same lines as the archive has them: those of each instance together. */
const archived = (lines: readonly Line[]) => Array.from({ length: INSTANCES }, (_, instance) => lines.filter((__, index) => index % INSTANCES === instance)).flat();

const LOOP = Array.from({ length: 40 }, (_, index) => lineOf(index * 500, { server: 'files', target: 'read_file' }));
const STUFFING = [...Array.from({ length: 24 }, (_, index) => lineOf(index * 1_000, { principal: undefined, decision: 'deny', httpStatus: 401, reason: 'bad_signature' })), lineOf(25_000, { method: 'tools/list', target: undefined })];
const TRYING = Array.from({ length: 48 }, (_, index) => lineOf(index * 1_000, { server: ['files', 'memory', 'crm'][index % 3]!, target: `tool-${index}`, decision: 'deny', reason: 'not_permitted', argumentsDigest: `d${index}` }));

test.each<[string, readonly Line[], string]>([
  ['the same call over and over', LOOP, 'loop'],
  ['failed sign-ins, then a success', STUFFING, 'failures_then_success'],
  ['refusals on several servers', TRYING, 'refusals'],
])('MUL-11 LOG-3 %s, spread over instances so that none of them sees it, is seen in the archive', (_, lines, signal) => {
  expect(foundByInstances(lines)).toEqual([]);
  const { found, read } = watch();
  read('events/1', archived(lines));
  expect(found.map(({ kind }) => kind)).toContain(signal);
});

test('MUL-11 what goes on over several objects is seen, and an object that is told of twice counts once', () => {
  const { found, read } = watch();
  read('events/1', LOOP.slice(0, 10));
  read('events/1', LOOP.slice(0, 10));
  expect(found).toEqual([]);
  read('events/2', LOOP.slice(10, 20));
  expect(found.map(({ kind }) => kind)).toEqual(['loop']);
});

test('MUL-11 what an instance raised is not raised again, and nothing is raised twice', () => {
  const { found, read } = watch();
  const raised = detectionLine({ kind: 'loop', at: START + 9_000, principal: JSON.stringify([MALLORY.issuer, MALLORY.type, MALLORY.id]), risk: 50, signals: ['loop'], why: 'the same call over and over' });
  read('events/1', [...LOOP, JSON.parse(raised)]);
  read('events/2', LOOP.map((line) => ({ ...line, time: new Date(Date.parse(line.time) + 20_000).toISOString() })));
  expect(found).toEqual([]);
});

/** Eight working days of six people with two tools of one server; from the seventh on, one of the tools answers four times as much to everybody. */
const CHANGED = Array.from({ length: 8 }, (_, day) =>
  Array.from({ length: 480 }, (__, index) => {
    const tool = index % 2 === 0 ? 'search' : 'read';
    return lineOf(day * DAY + index * MINUTE, { principal: { ...MALLORY, id: `person-${index % 6}` }, server: 'files', target: tool, argumentsDigest: `d${index}`, responseBytes: (tool === 'search' && day > 5 ? 4 : 1) * 1_000 * 2 ** ((index * 7) % 5 / 5) | 0 });
  }),
).flat();

test('MUL-11 TB-1 a tool that answers more to everybody is seen in the archive, and told of once where an instance told of it', () => {
  const { found, read } = watch();
  read('events/1', archived(CHANGED));
  const ofTools = found.filter(({ kind }) => kind === 'tool_size');
  expect(ofTools[0]).toMatchObject({ server: 'files', tool: 'search' });
  expect(ofTools[0]!.principal).toBeUndefined();
  const told = watch();
  told.read('events/1', [...archived(CHANGED), JSON.parse(detectionLine({ ...ofTools[0]!, at: ofTools[0]!.at - 60 * MINUTE }))]);
  expect(told.found.filter(({ kind, at }) => kind === 'tool_size' && at < ofTools[0]!.at + 12 * 60 * MINUTE)).toEqual([]);
});

test('CV-2 ordinary work of many, over many instances and servers, raises nothing', () => {
  const { found, read } = watch();
  const work = Array.from({ length: 600 }, (_, index) => lineOf(index * 5_000, { principal: { ...MALLORY, id: `person-${index % 12}` }, server: ['files', 'memory', 'crm'][index % 3]!, target: ['search', 'read', 'list'][(index / 12) % 3 | 0]!, argumentsDigest: `d${index}`, responseBytes: 1_000 + (index % 7) * 100 }));
  for (let object = 0; object < 10; object += 1) read(`events/${object}`, archived(work.slice(object * 60, object * 60 + 60)));
  expect(found).toEqual([]);
});

test('lines that are no requests are passed over', () => {
  const { found, read } = watch();
  read('events/1', [{}, { kind: 'audit' }, { kind: 'checkpoint', time: 'x' }, { kind: 'audit', decision: 'allow', time: 'never' }, { kind: 'detection' }]);
  expect(found).toEqual([]);
});
