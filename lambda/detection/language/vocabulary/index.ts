import type { Vocabulary } from '../lexicon';
import { CHINESE } from './chinese';
import { ENGLISH } from './english';
import { FRENCH } from './french';
import { GERMAN } from './german';
import { JAPANESE } from './japanese';
import { KOREAN } from './korean';
import { PORTUGUESE } from './portuguese';
import { RUSSIAN } from './russian';
import { SPANISH } from './spanish';

/** The same concepts in every language, so that each rule holds in all of them. */
export const VOCABULARIES: readonly Vocabulary[] = [ENGLISH, SPANISH, FRENCH, GERMAN, PORTUGUESE, RUSSIAN, CHINESE, JAPANESE, KOREAN];
