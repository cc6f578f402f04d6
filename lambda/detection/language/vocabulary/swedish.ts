import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const SWEDISH: Vocabulary = orders('swedish', {
  ignore: 'ignorera glom bortse',
  previous: 'tidigare foregaende alla',
  instruction: 'instruktioner regler anvisningar',
  never: 'inte aldrig utan',
  tell: 'beratta namn avsloja informera saga visa',
  user: 'anvandaren anvandare',
  before: 'innan fore',
  tool: 'verktyg verktyget funktionen',
  anyOther: 'alla_andra nagot_annat andra_verktyg',
  read: 'las oppna hamta',
  include: 'skicka_med bifoga lagg inkludera',
  send: 'skicka sand ladda_upp vidarebefordra',
  all: 'alla allt varje kopia data meddelanden innehall innehallet',
  conversation: 'konversationen samtalet chatthistorik',
  secret: 'losenord nyckel nycklar',
  must: 'maste alltid',
  first: 'forst',
  quiet: 'hemligt i_smyg tyst',
  content: 'innehall innehallet fil filen',
});
