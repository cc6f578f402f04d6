import fc from 'fast-check';
import { holdId, type Responder } from '../../lambda/response';
import { memoryStore } from '../grants/fixtures';
import type { DocumentStore } from '../../lambda/stores';
import { BOB, incident, READ, start } from './fixtures';

const INCIDENTS = [incident(), incident('exfiltration', {}, 'event-2'), incident('tool_poisoning', {}, 'event-3'), incident('denial_of_service', {}, 'event-4'), incident('server_compromise', {}, 'event-5')];

class Crash extends Error {}

/** A store of which any write may be the last that its process sees the end of. */
function crashing(store: DocumentStore, crashes: () => boolean): DocumentStore {
  return {
    ...store,
    async put(...given) {
      if (crashes()) throw new Crash('before the write');
      const written = await store.put(...given);
      if (crashes()) throw new Crash('after the write');
      return written;
    },
  };
}

/** Everything that can be seen from outside. */
function stateOf({ world }: ReturnType<typeof start>): string[] {
  return [...world.contained].map((pair) => pair.join(' by ')).sort();
}

/** Until it went through without being interrupted. */
async function insist(step: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await step();
      return;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
}

describe('whatever happens in between', () => {
  const before = fc.subarray([holdId({ kind: 'block_principal', principal: BOB }), holdId({ kind: 'quarantine_tool', tool: READ }), 'something else']);
  const steps = fc.array(fc.record({ incident: fc.nat(INCIDENTS.length - 1), isUndo: fc.boolean(), crashes: fc.array(fc.boolean(), { maxLength: 30 }) }), { maxLength: 12 });

  test('IR-2 undo restores exactly what was before, after any sequence of responses and interruptions', async () => {
    await fc.assert(
      fc.asyncProperty(before, steps, async (held, sequence) => {
        const store = memoryStore();
        let crashes: boolean[] = [];
        const it = start({ store: crashing(store, () => crashes.shift() === true) });
        for (const one of held) it.world.contained.set(one, 'people');
        it.world.interrupt = () => {
          if (crashes.shift() === true) throw new Crash('in the middle');
        };
        const initially = stateOf(it);
        for (const step of sequence) {
          crashes = [...step.crashes];
          const { id } = INCIDENTS[step.incident]!;
          const responder = it.again();
          await insist(() => (step.isUndo ? responder.find(id).then(() => undoEach(responder, id), () => undefined) : applyEach(responder, step.incident)));
        }
        crashes = [];
        for (const { id } of INCIDENTS) await it.responder.find(id).then(() => undoEach(it.responder, id), () => undefined);
        expect(stateOf(it)).toEqual(initially);
      }),
      { numRuns: 150 },
    );
  });

  test('IR-2 whatever order processes come in, what an incident holds is contained, and what none holds is free', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.record({ incident: fc.nat(1), isUndo: fc.boolean() }), { minLength: 1, maxLength: 6 }), async (scheduler, sequence) => {
        const store = memoryStore();
        const slow: DocumentStore = { ...store, get: scheduler.scheduleFunction(store.get), put: scheduler.scheduleFunction(store.put) };
        const it = start({ store: slow });
        it.world.interrupt = (when, what) => scheduler.schedule(Promise.resolve(), `${when} ${what}`);
        const fast = start({ store }).responder;
        for (const one of INCIDENTS.slice(0, 2)) await fast.open(one);
        const [one, two] = INCIDENTS as [(typeof INCIDENTS)[0], (typeof INCIDENTS)[0]];
        const work = sequence.map(({ incident: index, isUndo }) => {
          const responder = it.again();
          const { id } = index === 0 ? one : two;
          return isUndo ? responder.undo(id, 1, 'carol', 'x') : responder.apply(id, 1);
        });
        await scheduler.waitFor(Promise.all(work));
        const states = await Promise.all([one, two].map(async ({ id }) => (await fast.find(id)).actions[0]!.state));
        expect(states.every((state) => ['planned', 'applied', 'undone'].includes(state))).toBe(true);
        // Both block the same principal.
        expect(it.world.contained.size === 1).toBe(states.includes('applied'));
      }),
      { numRuns: 150 },
    );
  });
});

async function applyEach(responder: Responder, index: number): Promise<void> {
  const { incident: known, actions } = await responder.open(INCIDENTS[index]!);
  for (const { number } of actions) await responder.apply(known.id, number);
}

async function undoEach(responder: Responder, id: string): Promise<void> {
  const { actions } = await responder.find(id);
  for (const { number } of actions.toReversed()) await responder.undo(id, number, 'carol', 'x');
}
