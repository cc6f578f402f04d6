import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { IncidentResponse } from '../../lib/observability/response';
import { AccessGrants } from '../../lib/access-grants';
import { ToolRegistry } from '../../lib/registry';
import {
  createActStep,
  createNotifyExecutor,
  createAskStep,
  createFinishStep,
  createPlanStep,
  createResponseDesk,
  createResponder,
  INCIDENT_EVENT,
  INCIDENT_KINDS,
  stateOf,
  type Case,
  type Executors,
  type Incident,
  type Notice,
  type WorkflowInput,
} from '../../lambda/response';
import { choose, interpret, type Execution } from '../onboarding/state-machine';
import { memoryStore } from '../grants/fixtures';
import { AT, ECS, incident, World } from './fixtures';

const DEPLOYMENT = { kind: 'workload', platform: 'kubernetes', cluster: 'c', namespace: 'n', deployment: 'd' } as const;
/** A function of no deployment here has the right to Deployments. */
const ESTATE = { workloads: { files: [ECS], memory: [DEPLOYMENT] } };

/** The definition that is deployed, with logical ids of functions in the place of their ARNs. */
const definition = (() => {
  const stack = new Stack(new App(), 'Stack');
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-1'] });
  const signIn = { authorizationEndpoint: 'https://login.example.com/a', tokenEndpoint: 'https://login.example.com/t', clientId: 'x' };
  new IncidentResponse(stack, 'Response', { registry: new ToolRegistry(stack, 'Tools'), accessGrants: new AccessGrants(stack, 'Grants', { signIn }), vpc });
  const machines = Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine');
  const [, { Properties }] = Object.entries(machines).find(([id]) => /^Response/.test(id))!;
  const parts = Properties.DefinitionString['Fn::Join'][1] as (string | { 'Fn::GetAtt'?: [string] })[];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : (part['Fn::GetAtt']?.[0] ?? 'aws'))).join(''));
})();

/** Seconds that a task takes at most until the next state begins, all tries and what lies between them. */
function longest({ TimeoutSeconds, Retry }: any): number {
  // Each retrier counts its own: errors of all of them may come in turn.
  const between = Retry.flatMap(({ MaxAttempts, IntervalSeconds, BackoffRate }: any) => Array.from({ length: MaxAttempts }, (_, index) => IntervalSeconds * BackoffRate ** index));
  return (between.length + 1) * TimeoutSeconds + between.reduce((sum: number, seconds: number) => sum + seconds, 0);
}

/** Kinds of action by the function that is deployed with the right to them. */
const RIGHTS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/ResponseTools/, ['quarantine_tool']],
  [/ResponseAccess/, ['block_principal', 'block_server', 'revoke_grants']],
  [/ResponseAddresses/, ['block_address']],
  [/ResponseTasks/, ['isolate_workload', 'stop_workload']],
  [/ResponseEvidence/, ['preserve_evidence']],
  [/ResponseNotice/, ['notify']],
];

describe('the workflow as it is deployed, over the steps as they run', () => {
  let world: World;
  let notices: Notice[];
  /** What the last action of a playbook said. */
  let told: Notice[];
  let waiting: Map<string, { approved: boolean } | undefined>;
  /** What people do while the workflow waits, in turn. */
  let people: ((id: string) => Promise<unknown>)[];
  let store: ReturnType<typeof memoryStore>;
  let started: WorkflowInput[];
  let invoked: string[];
  /** To whom no notice comes through. */
  let isDeaf: (notice: Notice) => boolean;
  /** What an action waits for. */
  let slowed: (kind: string) => Promise<void>;
  let replaced: Executors;

  beforeEach(() => {
    [isDeaf, slowed, replaced] = [() => false, () => Promise.resolve(), {}];
    [world, notices, told, waiting, people, store, started, invoked] = [new World(), [], [], new Map(), [], memoryStore(), [], []];
  });

  const responderWith = (executors: Executors) => createResponder({ store, executors, estate: ESTATE });
  /** Executors of everything, of which the one that tells people says what it told. */
  const everything = (): Executors => ({
    ...world.executors(),
    ...replaced,
    notify: createNotifyExecutor(async (notice) => {
      if (isDeaf(notice)) throw new Error('throttled');
      told.push(notice);
    }),
  });
  const complete = async (token: string, approved: boolean) => {
    if (!waiting.has(token)) return false;
    waiting.set(token, { approved });
    return true;
  };
  const desk = () => createResponseDesk({ responder: responderWith({}), complete, start: async (input) => void started.push(input) });

  /** Each function has executors for the actions that it is deployed for, and no others. */
  async function invoke(functionId: string, given: any): Promise<any> {
    const payload = JSON.parse(JSON.stringify(given));
    invoked.push(functionId.replace(/^Response|Function[0-9A-F]+$/g, ''));
    const none = responderWith({});
    if (/ResponsePlan/.test(functionId)) return 'plan' in payload ? createPlanStep(none, {}, ESTATE)(payload.plan) : createFinishStep(none)(payload.finish);
    if (/ResponseAsk/.test(functionId)) {
      waiting.set(payload.taskToken, undefined);
      return createAskStep(none, complete, async (notice) => void notices.push(notice))(payload);
    }
    const [, kinds] = RIGHTS.find(([name]) => name.test(functionId))!;
    await slowed(payload.kind);
    return createActStep(responderWith(Object.fromEntries(Object.entries(everything()).filter(([kind]) => kinds.includes(kind))) as Executors))(payload);
  }

  async function waitFor(token: string) {
    if (waiting.get(token) === undefined) await people.shift()?.(token);
    const outcome = waiting.get(token);
    if (outcome === undefined) throw Object.assign(new Error('nobody decided'), { name: 'States.Timeout' });
    return outcome;
  }

  const run = (input: WorkflowInput): Promise<Execution> => interpret(definition, JSON.parse(JSON.stringify(input)), { invoke, waitFor, execution: 'x' });
  const report = (one: Incident): WorkflowInput => ({ source: INCIDENT_EVENT.source, 'detail-type': INCIDENT_EVENT.detailType, detail: JSON.parse(JSON.stringify(one)) });
  const find = (id: string) => responderWith({}).find(id);

  test('IR-2 each action goes to the function with the right to it; the same event again does nothing', async () => {
    const one = incident('server_compromise');
    expect((await run(report(one))).states.at(-1)).toBe('Done');
    expect(invoked).toEqual(['Plan', 'Evidence', 'Access', 'Access', 'Tasks', 'Notice', 'Plan']);
    expect(stateOf(await find(one.id))).toBe('contained');
    const log = [...world.log];
    await run(report(one));
    expect(world.log).toEqual(log);
  });

  test.each(INCIDENT_KINDS)('IR-1 %s is contained and given back', async (kind) => {
    const one = incident(kind);
    await run(report(one));
    expect(world.contained.size).toBeGreaterThan(0);
    expect((await desk()('arn:carol', { action: 'undo', incident: one.id, why: 'a drill' })).status).toBe(202);
    expect((await run(started[0]!)).states.at(-1)).toBe('Done');
    expect(world.contained.size).toBe(0);
    expect((await find(one.id)).actions[0]).toMatchObject({ state: 'undone', undone: { by: 'arn:carol', why: 'a drill' } });
  });

  test('an event that is no incident ends there, and one that is malformed fails', async () => {
    expect((await run({ source: 'mcp-zero-trust.registry', 'detail-type': 'MCP Tool State Change', detail: { subject: 'files/read', from: 'review', to: 'approved' } })).states.at(-1)).toBe('Nothing to contain');
    expect((await run(report({ ...incident(), severity: 'mild' as never }))).error).toBe('NotAnIncident');
  });

  test('SOC-3 what GuardDuty finds in the workloads of other people begins nothing, in its own cluster is told, and in a server is contained', async () => {
    const found = (cluster: string, service: string) => ({
      source: 'aws.guardduty', 'detail-type': 'GuardDuty Finding',
      detail: { id: `${cluster}-${service}`, type: 'Execution:Runtime/ReverseShell', severity: 8, resource: { ecsClusterDetails: { name: cluster, taskDetails: { group: `service:${service}` } } }, service: { eventLastSeen: AT } },
    });
    expect((await run(found('payments', 'files'))).states.at(-1)).toBe('Nothing to contain');
    expect((await run(found('zone', 'gateway'))).states.at(-1)).toBe('Done');
    expect(world.log).toEqual(['apply preserve_evidence']);
    expect(told.at(-1)!.text).toContain('is not contained: nothing here takes hold of what it concerns.');
    await run(found('zone', 'files'));
    expect([...world.contained.keys()]).toEqual(['block_server server files', 'revoke_grants server files', 'isolate_workload ECS service zone/files']);
    expect(told.at(-1)!.text).toContain('is contained.');
  });

  describe('a finding of GuardDuty that comes again', () => {
    const found = (severity: number, at: string): WorkflowInput => ({
      source: 'aws.guardduty', 'detail-type': 'GuardDuty Finding',
      detail: { id: 'finding-1', type: 'Execution:Runtime/ReverseShell', severity, resource: { ecsClusterDetails: { name: 'zone', taskDetails: { group: 'service:files' } } }, service: { eventLastSeen: at } },
    });
    /** A time so many hours from now. */
    const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
    const cases = () => responderWith({}).list();
    const undo = async (id: string) => {
      await desk()('arn:carol', { action: 'undo', incident: id, why: 'our own test' });
      await run(started.pop()!);
    };

    test('IR-2 and got worse is planned anew, contained and told of, once', async () => {
      await run(found(5, AT));
      expect(world.contained.size).toBe(0);
      await run(found(9, AT));
      expect([...world.contained.keys()]).toEqual(['block_server server files', 'revoke_grants server files', 'isolate_workload ECS service zone/files']);
      expect(told.map(({ text }) => text.split('\n')[0]!.replace(/, noticed.* by aws.guardduty,/, ''))).toEqual([
        'Server compromise (medium) is not contained, waits for your word on 3 actions.',
        'Server compromise (medium) now is not contained, waits for your word on 3 actions.',
        'Server compromise (critical) is contained in part (3 of 4 containments), waits for your word on 1 action.',
        'Server compromise (critical) now is contained in part (3 of 4 containments), waits for your word on 1 action.',
      ]);
      const log = [...world.log];
      await run(found(9, hours(1)));
      await run(found(5, hours(2)));
      expect(world.log).toEqual(log);
      expect(told).toHaveLength(4);
      expect(await cases()).toHaveLength(2);
    });

    test('IR-2 after it was taken back stays taken back, also where it is milder now, and people hear of it once', async () => {
      await run(found(8, AT));
      const [{ incident: { id } }] = await cases() as [Case];
      await undo(id);
      expect(world.contained.size).toBe(0);
      told.length = 0;
      await run(found(8, AT));
      expect(told).toEqual([]);
      const again = hours(1);
      for (const [severity, at] of [[8, again], [8, again], [5, hours(2)], [8, hours(3)]] as const) await run(found(severity, at));
      expect(told.map(({ text }) => text.split('\n')[0])).toEqual([expect.stringContaining(`was seen again at ${again}, and is not contained, 3 actions were taken back.`)]);
      expect(world.contained.size).toBe(0);
      expect(stateOf(await find(id))).toBe('undone');
      await undo(id);
      told.length = 0;
      await run(found(8, hours(4)));
      expect(told).toHaveLength(1);
    });
  });

  test('IR-2 people are told what waits for their word, and what failed', async () => {
    await run(report(incident('tool_poisoning', { severity: 'medium' })));
    expect(told[0]!.text).toContain('is not contained, waits for your word on 2 actions.');
    world.interrupt = (when, what) => {
      if (when === 'before' && what === 'apply') throw new Error('throttled');
    };
    await run(report(incident('denial_of_service', {}, 'event-2')));
    expect(told.at(-1)!.text).toContain('is not contained, 2 actions failed.');
  });

  test('IR-2 nobody who can publish on the bus speaks as a person', async () => {
    const one = incident();
    await run(report(one));
    const forged = { source: 'mallory', 'detail-type': 'x', detail: {}, operation: 'undo', incident: one.id, by: 'carol', why: 'x' } as WorkflowInput;
    expect((await run(forged)).states.at(-1)).toBe('Nothing to contain');
    expect(stateOf(await find(one.id))).toBe('contained');
  });

  test('SOC-3 an action that failed keeps none of the others from being done, and fails the workflow', async () => {
    world.interrupt = (when, what) => {
      if (when === 'before' && what === 'apply' && world.log.length === 0) throw new Error('throttled');
    };
    const one = incident('exfiltration');
    const done = await run(report(one));
    expect(done.error).toBe('ActionFailed');
    expect((await find(one.id)).actions.map(({ state }) => state)).toEqual(['apply_failed', 'apply_failed', 'apply_failed', 'apply_failed', 'apply_failed', 'applied']);
    world.interrupt = () => undefined;
    expect((await run(report(one))).states.at(-1)).toBe('Done');
  });

  test('SOC-3 a person agrees while the workflow waits', async () => {
    const one = incident('tool_poisoning', { severity: 'medium' });
    people = [1, 2].map((number) => () => desk()('arn:carol', { action: 'approve', incident: one.id, number, why: 'sure' }));
    await run(report(one));
    expect(notices[0]!.text).toContain(`mcp-zero-trust respond approve ${one.id} --action 1`);
    expect((await find(one.id)).actions.map(({ state }) => state)).toEqual(['applied', 'applied', 'applied', 'applied', 'applied']);
    expect((await find(one.id)).actions[0]!.decision).toMatchObject({ by: 'arn:carol', approved: true });
  });

  test('SOC-3 a person says no, and nobody else can: a task that is told so by others carries nothing out', async () => {
    const one = incident('denial_of_service', { severity: 'low' });
    people = [() => desk()('arn:carol', { action: 'deny', incident: one.id, number: 1, why: 'our own load test' })];
    expect((await run(report(one))).states).toContain('Denied');
    const two = incident('denial_of_service', { severity: 'low' }, 'event-2');
    people = [(token) => complete(token, true)];
    const done = await run(report(two));
    expect(done.states.at(-1)).toBe('Done');
    expect(world.contained.size).toBe(0);
  });

  describe('what people are told once somebody decided', () => {
    /** What followed after who noticed it. */
    const said = () => told.map(({ text }) => text.split('\n')[0]!.replace(/^.* by test, /, ''));
    const answer = (id: string, number: number, action = 'approve') => desk()('arn:carol', { action, incident: id, number, why: 'sure' });

    test('IR-2 SOC-3 hear once that it is contained now, what is in force, and who agreed', async () => {
      const one = incident('tool_poisoning', { severity: 'medium' });
      people = [1, 2].map((number) => () => answer(one.id, number));
      await run(report(one));
      expect(said()).toEqual(['is not contained, waits for your word on 2 actions.', 'now is contained.']);
      expect(told[1]!.subject).toBe('Tool poisoning (medium) now is contained: tool files/read');
      expect(told[1]!.text).toContain('In force\n  1  quarantine the tool files/read\n  2  set aside the grants that concern the tool files/read\n\nDecided by people\n  1, 2  approved by arn:carol: sure\n');
      await run(report(one));
      expect(told).toHaveLength(2);
    });

    test('IR-2 SOC-3 hear what was denied, and what failed although it was agreed to', async () => {
      const one = incident('exfiltration', { severity: 'medium' });
      people = [() => answer(one.id, 1, 'deny'), ...[2, 3, 4].map((number) => () => answer(one.id, number))];
      replaced = { quarantine_tool: { ...world.executor(), apply: async () => Promise.reject(new Error('throttled')) } };
      expect((await run(report(one))).error).toBe('ActionFailed');
      expect(said()[1]).toBe('now is contained in part (2 of 4 containments), 1 action failed, 1 action was denied.');
      expect(told[1]!.text).toContain('  1  was denied:  refuse every call of the principal User bob of https://issuer.example\n');
      expect(told[1]!.text).toContain('  1  denied by arn:carol: sure\n');
    });

    test('IR-2 SOC-3 hear that nobody decided in time, and what came of it when somebody did, late', async () => {
      const one = incident('tool_poisoning', { severity: 'medium' });
      await run(report(one));
      expect(told[1]!.text).toContain('Nobody decided in time on 1, 2: it stays as it is until somebody does.\n');
      waiting.clear();
      await answer(one.id, 1);
      await answer(one.id, 2, 'deny');
      for (const input of started.splice(0)) await run(input);
      expect(said().slice(2)).toEqual(['now is contained in part (1 of 2 containments), 1 action was denied.']);
      await run(report(one));
      expect(told).toHaveLength(3);
    });

    test('IR-2 hear once that it was taken back, when it is, by whom and why, and what could not be', async () => {
      const one = incident('tool_poisoning');
      await run(report(one));
      replaced = { quarantine_tool: { ...world.executor(), undo: async () => Promise.reject(new Error('throttled')) } };
      await desk()('arn:carol', { action: 'undo', incident: one.id, why: 'a drill' });
      expect((await run(started[0]!)).error).toBe('ActionFailed');
      expect(said().slice(1)).toEqual(['now is not contained, 1 action could not be taken back, 1 action was taken back.']);
      replaced = {};
      expect((await run(started[0]!)).states.at(-1)).toBe('Done');
      expect(said().slice(2)).toEqual(['now is not contained, 2 actions were taken back.']);
      expect(told.at(-1)!.text).toContain('Decided by people\n  1, 2, 3  taken back by arn:carol: a drill\n');
      await run(started[0]!);
      expect(told).toHaveLength(3);
    });

    test('IR-2 a workflow that waited while the functions were updated ends as it would have', async () => {
      const one = incident('tool_poisoning', { severity: 'medium' });
      people = [1, 2].map((number) => () => answer(one.id, number));
      await run(report(one));
      expect(await createFinishStep(responderWith({}))({ incident: one.id })).toEqual({ state: 'contained', failed: 0, words: [] });
    });

    test('SOC-3 a workflow whose last word reaches nobody fails, and the next one sends it, once', async () => {
      const one = incident('tool_poisoning', { severity: 'medium' });
      people = [1, 2].map((number) => () => answer(one.id, number));
      isDeaf = (notice) => notice.text.includes(', now ');
      expect((await run(report(one))).error).toBe('Error');
      expect(told).toHaveLength(1);
      isDeaf = () => false;
      expect((await run(report(one))).states.at(-1)).toBe('Done');
      expect(said()).toEqual(['is not contained, waits for your word on 2 actions.', 'now is contained.']);
    });
  });

  test('IR-2 SOC-3 a workload is cut off within a minute, however long something else is tried again', async () => {
    const one = incident('server_compromise', { severity: 'critical' });
    // Until it is cut off, nothing else works.
    let cutOff: () => void = () => undefined;
    const isCutOff = new Promise<void>((resolve) => (cutOff = resolve));
    const isolated = 'apply isolate_workload ECS service zone/files';
    const { isolate_workload, ...others } = world.executors();
    slowed = (kind) => (['block_server', 'revoke_grants'].includes(kind) ? isCutOff : Promise.resolve());
    replaced = { ...others, isolate_workload: { ...isolate_workload!, apply: async (...given) => isolate_workload!.apply(...given).finally(cutOff) } };
    await run(report(one));
    expect(world.log.indexOf(isolated)).toBeLessThan(world.log.findIndex((line) => line.includes('block_server')));

    const { lanes } = await createPlanStep(responderWith({}), {}, ESTATE)(report(one));
    const before = lanes.map(({ steps }) => steps).find((steps) => steps.some(({ kind }) => kind === 'isolate_workload'))!;
    const { ItemProcessor: lane, MaxConcurrency } = definition.States['All lanes at once'];
    expect(MaxConcurrency).toBeUndefined();
    const steps = lane.States['One after the other'].ItemProcessor.States;
    const waits = before.slice(0, before.findIndex(({ kind }) => kind === 'isolate_workload')).map((step) => longest(steps[choose(steps['Which action?'], step)]));
    expect(waits).toEqual([60]);
  });

  test('what nobody decided in time can still be approved, and is carried out then', async () => {
    const one = incident('denial_of_service', { severity: 'low' });
    expect((await run(report(one))).states).toContain('Nobody decided');
    waiting.clear();
    await desk()('arn:carol', { action: 'approve', incident: one.id, number: 1, why: 'late' });
    await run(started[0]!);
    expect(world.contained.size).toBe(1);
  });

  test('IR-2 an action that no function has the right to is written down as failed', async () => {
    const one = incident('server_compromise', { subjects: [DEPLOYMENT] } as Partial<Incident>);
    expect((await run(report(one))).error).toBe('ActionFailed');
    expect((await find(one.id)).actions.find(({ action }) => action.kind === 'isolate_workload')).toMatchObject({ state: 'apply_failed', outcome: 'nothing here can cut the Deployment c/n/d off from the network' });
  });

  test('IR-2 the desk says what is wrong with a request, and what would be done about an incident', async () => {
    const ask = (body: any) => desk()('arn:carol', JSON.parse(JSON.stringify(body)));
    expect(await ask({ action: 'undo', incident: 'inc-0000000000000000', why: 'x' })).toEqual({ status: 409, message: 'there is no incident inc-0000000000000000' });
    expect(await ask({ action: 'undo', incident: '../../x', why: 'x' })).toMatchObject({ status: 409, message: 'expected an incident, such as inc-0123456789abcdef' });
    expect(await ask({ action: 'report', incident: { kind: 'x' } })).toMatchObject({ status: 400 });
    expect(await ask({ action: 'plan', incident: incident('denial_of_service') })).toEqual({ status: 200, message: '1 (automatic): refuse every request from the address 203.0.113.7; 2 (automatic): keep a copy of the evidence; 3 (automatic): tell the responders' });
    expect(await ask([])).toMatchObject({ status: 409 });
    expect((await ask({ action: 'report', incident: incident() })).status).toBe(202);
    expect(started).toEqual([report(incident())]);
  });
});
