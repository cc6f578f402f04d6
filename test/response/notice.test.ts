import { createNotifyExecutor, createResponder, stateOf, type Executors, type Notice } from '../../lambda/response';
import { memoryStore } from '../grants/fixtures';
import { incident, World } from './fixtures';

/** A response whose notices are read. */
function told() {
  const world = new World();
  const notices: Notice[] = [];
  const executors: Executors = { ...world.executors(), notify: createNotifyExecutor(async (notice) => void notices.push(notice)) };
  return { world, notices, responder: createResponder({ store: memoryStore(), executors }) };
}

/** What follows after who noticed it. */
const saidIn = ({ text }: Notice) => text.split('\n')[0]!.replace(/^.* by test, /, '');

describe('what the responders are told', () => {
  test('IR-2 of a severe incident that it is contained', async () => {
    const { notices, responder } = told();
    await responder.respond(incident('tool_poisoning'));
    expect(notices.map(saidIn)).toEqual(['is contained.']);
    expect(notices[0]!.text).not.toContain('Not in force');
  });

  test('IR-2 of one that waits for a person that nothing is contained, and how to say yes', async () => {
    const { notices, responder } = told();
    const { incident: { id } } = await responder.respond(incident('tool_poisoning', { severity: 'medium' }));
    expect(notices.map(saidIn)).toEqual(['is not contained, waits for your word on 2 actions.']);
    expect(notices[0]!.text).toContain('  1  waits for your word:  quarantine the tool files/read\n');
    expect(notices[0]!.text).toContain(`mcp-zero-trust respond approve ${id} --action 1 --why TEXT`);
  });

  test('IR-2 of one whose actions failed what is contained and what is not', async () => {
    const { world, notices, responder } = told();
    world.interrupt = (when, what) => {
      if (when === 'before' && what === 'apply' && world.log.length === 1) throw new Error('throttled');
    };
    const done = await responder.respond(incident('exfiltration'));
    expect(stateOf(done)).toBe('failed');
    expect(notices.map(saidIn)).toEqual(['is contained in part (1 of 4 containments), 4 actions failed.']);
    expect(notices[0]!.text).toContain('  2  failed:  set aside the grants that concern the principal User bob of https://issuer.example\n');
  });

  test('IR-2 of one where all failed, and of one that nothing here takes hold of, that it is not contained', async () => {
    const { world, notices, responder } = told();
    world.interrupt = () => {
      throw new Error('throttled');
    };
    await responder.respond(incident('denial_of_service'));
    expect(notices.map(saidIn)).toEqual(['is not contained, 2 actions failed.']);
    const elsewhere = told();
    const estate = { workloads: {} };
    const responding = createResponder({ store: memoryStore(), estate, executors: { ...elsewhere.world.executors(), notify: createNotifyExecutor(async (notice) => void elsewhere.notices.push(notice)) } });
    const done = await responding.respond(incident('denial_of_service', { subjects: [{ kind: 'workload', platform: 'ecs', cluster: 'c', service: 's' }] } as never));
    expect(elsewhere.notices.map(saidIn)).toEqual(['is not contained: nothing here takes hold of what it concerns.']);
    expect(stateOf(done)).toBe('not_contained');
  });

  test('IR-2 nobody is shown as contained what a person said no to', async () => {
    const { responder } = told();
    const { incident: { id } } = await responder.respond(incident('denial_of_service', { severity: 'low' }));
    await responder.decide(id, 1, false, 'carol', 'our own load test');
    expect(stateOf(await responder.find(id))).toBe('not_contained');
  });
});
