import { awaitsPerson } from './record';
import type { Responder } from './responder';

/**
 * A responder in whose process people decide and what they decide is carried out: people are told how it stands as soon as nothing of it waits
 * for anybody, and when it is taken back (IR-2).
 */
export function createTellingResponder(responder: Responder): Responder {
  async function tell(id: string): Promise<void> {
    const word = await responder.conclude(id);
    // What went wrong is in the record.
    if (word !== undefined) await responder.apply(id, word.number).catch(() => undefined);
  }

  async function tellOnceDecided(id: string): Promise<void> {
    if (await responder.knows(id) && !(await responder.find(id)).actions.some(awaitsPerson)) await tell(id);
  }

  return {
    ...responder,
    async respond(incident) {
      await responder.respond(incident);
      await tell(incident.id);
      return responder.find(incident.id);
    },
    async apply(id, number, by) {
      try {
        return await responder.apply(id, number, by);
      } finally {
        await tellOnceDecided(id);
      }
    },
    async decide(id, number, approved, by, why) {
      const decided = await responder.decide(id, number, approved, by, why);
      // What is approved is carried out next.
      if (!approved) await tellOnceDecided(id);
      return decided;
    },
    async undo(id, number, by, why) {
      try {
        return await responder.undo(id, number, by, why);
      } finally {
        if (await responder.knows(id)) await tell(id);
      }
    },
    async undoAll(id, by, why) {
      await responder.undoAll(id, by, why);
      await tell(id);
      return responder.find(id);
    },
  };
}
