import { LRUCache } from 'lru-cache';
import type { LegacySession } from '../sessions';
import { createClientQuestions } from './client-questions';
import { newTranslatedSession, type LegacyOverModernOptions, type TranslatedSession } from './legacy-over-modern';

const MAX_SESSIONS = 10_000;

/** What an instance remembers of the legacy sessions that it translates. */
export interface TranslatedSessions {
  of(session: LegacySession): Omit<LegacyOverModernOptions, 'leg'>;
}

/** @param inputMs how long a server's question waits for the client's answer, milliseconds */
export function createTranslatedSessions(inputMs: number): TranslatedSessions {
  const states = new LRUCache<string, TranslatedSession>({ max: MAX_SESSIONS });
  const questions = createClientQuestions(inputMs);
  return {
    of(session) {
      let state = states.get(session.nonce);
      if (state === undefined) {
        state = newTranslatedSession();
        states.set(session.nonce, state);
      }
      const { clientCapabilities, clientInfo } = session;
      return { session: session.nonce, state, questions, clientCapabilities, ...(clientInfo === undefined ? {} : { clientInfo }) };
    },
  };
}
