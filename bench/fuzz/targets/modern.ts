/** Requests of 2026-07-28, whole and damaged, to servers of both eras. */
import * as fc from 'fast-check';
import { startFakeServer, type Arrival } from '../fake-servers';
import { checkAnswer, checkArrivals, checkRecord, checkSecrets } from '../invariants';
import { PRINCIPALS } from '../policies';
import { damage, dressModern, headerDamage, idsOf, message, requestId } from '../requests';
import { createSubject } from '../subject';
import { explained, holdsFor, type Target } from '../target';
import { send, show, showAnswer } from '../wire';

export const modernWire: Target = {
  name: 'modern',
  title: 'MCP 2026-07-28: mutated bodies and headers',
  share: 3,
  async start() {
    const arrivals: Arrival[] = [];
    const modern = await startFakeServer('modern', 'modern', arrivals);
    const legacy = await startFakeServer('legacy', 'legacy', arrivals);
    const subject = createSubject(
      [
        { name: 'modern', upstream: { kind: 'http', url: modern.url, headers: {} } },
        { name: 'legacy', upstream: { kind: 'http', url: legacy.url, headers: {} } },
      ],
      arrivals,
      { limits: { inputMs: 2_000 } },
    );
    const dressed = fc.record({
      principal: fc.constantFrom(...PRINCIPALS, 'alice' as const, 'alice' as const),
      server: fc.constantFrom('modern', 'modern', 'legacy'),
      message,
      id: fc.oneof({ weight: 9, arbitrary: requestId }, { weight: 1, arbitrary: fc.constant(undefined) }),
      damage,
      headers: headerDamage,
    });
    return {
      property: holdsFor(dressed, async (drawn) => {
        subject.begin();
        const wire = dressModern(drawn);
        let shown = '(none)';
        await explained(
          () => `${show(wire)}\nanswer: ${shown}`,
          async () => {
            const answer = await send(subject.gateway, wire);
            shown = showAnswer(answer);
            await subject.settle(1_000);
            checkAnswer(answer, { ids: idsOf(wire.body), era: 'unknown' });
            checkArrivals(subject.observed);
            checkRecord(subject.observed);
            checkSecrets(subject.observed, [wire], [answer]);
          },
        );
      }),
      async close() {
        await subject.close();
        await Promise.all([modern.close(), legacy.close()]);
      },
    };
  },
};
