import type { Vocabulary } from '../lexicon';
import { ARABIC } from './arabic';
import { CHINESE } from './chinese';
import { DUTCH } from './dutch';
import { ENGLISH } from './english';
import { FRENCH } from './french';
import { GERMAN } from './german';
import { HINDI } from './hindi';
import { ITALIAN } from './italian';
import { JAPANESE } from './japanese';
import { KOREAN } from './korean';
import { POLISH } from './polish';
import { PORTUGUESE } from './portuguese';
import { RUSSIAN } from './russian';
import { SPANISH } from './spanish';
import { SWEDISH } from './swedish';
import { TURKISH } from './turkish';

/** What words mean, in every language that rules hold in. */
export const VOCABULARIES: readonly Vocabulary[] = [ENGLISH, SPANISH, FRENCH, GERMAN, PORTUGUESE, ITALIAN, DUTCH, POLISH, RUSSIAN, TURKISH, CHINESE, JAPANESE, KOREAN, ARABIC, HINDI, SWEDISH];

/** Languages other than English; each concept of theirs begins with the name. */
export const LANGUAGES = ['arabic', 'chinese', 'dutch', 'french', 'german', 'hindi', 'italian', 'japanese', 'korean', 'polish', 'portuguese', 'russian', 'spanish', 'swedish', 'turkish'] as const;
