import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const HINDI: Vocabulary = orders('hindi', {
  ignore: 'अनदेखा नज़रअंदाज़ भूल',
  previous: 'पिछले सभी',
  instruction: 'निर्देशों निर्देश नियमों',
  never: 'न मत नहीं',
  tell: 'बताएं बताएँ बताना बताओ उल्लेख',
  user: 'उपयोगकर्ता उपयोगकर्ताओं',
  before: 'पहले',
  tool: 'टूल उपकरण',
  anyOther: 'किसी_अन्य_टूल अन्य_टूल सभी_टूल',
  read: 'पढ़ें पढ़ो खोलें',
  include: 'भेजें जोड़ें शामिल',
  send: 'भेजें भेजो अपलोड',
  all: 'सभी सब प्रति डेटा संदेश सामग्री',
  conversation: 'बातचीत वार्तालाप',
  secret: 'पासवर्ड कुंजी',
  must: 'हमेशा ज़रूर',
  first: 'पहले',
  quiet: 'चुपचाप गुप्त',
  content: 'सामग्री फ़ाइल',
});
