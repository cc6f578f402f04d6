import { LRUCache } from 'lru-cache';
import type { LegacySession } from '../sessions';
import type { LegacyOverModernOptions, OpenQuestions, TranslatedSession } from './legacy-over-modern';

const MAX_SESSIONS = 10_000;

/** What an instance remembers of the legacy sessions that it translates. */
export interface TranslatedSessions {
  of(session: LegacySession): Omit<LegacyOverModernOptions, 'leg' | 'inputMs'>;
}

export function createTranslatedSessions(): TranslatedSessions {
  const states = new LRUCache<string, TranslatedSession>({ max: MAX_SESSIONS });
  const questions: OpenQuestions = new Map();
  return {
    of(session) {
      let state = states.get(session.nonce);
      if (state === undefined) {
        state = { subscriptions: new Set() };
        states.set(session.nonce, state);
      }
      const { clientCapabilities, clientInfo } = session;
      return { session: session.nonce, state, questions, clientCapabilities, ...(clientInfo === undefined ? {} : { clientInfo }) };
    },
  };
}
