import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const TURKISH: Vocabulary = orders('turkish', {
  ignore: 'yoksay yok_say gormezden_gel unut dikkate_alma',
  previous: 'onceki tum',
  instruction: 'talimatlari talimatlar talimat kurallari komutlari',
  never: 'asla sakin',
  tell: 'soyleme bahsetme bildirme gosterme aciklama',
  user: 'kullaniciya kullanici kullanicidan kullanıcıya kullanıcı',
  before: 'once kullanmadan_once',
  tool: 'araci arac aractan aracı araç',
  anyOther: 'diger_araclardan tum_diger',
  read: 'oku ac getir',
  include: 'ekle gecir ilet',
  send: 'gonder yukle ilet',
  all: 'tum her kopyasini icerigini icerigi',
  conversation: 'konusma sohbet konusma_gecmisi',
  secret: 'sifre parola anahtar',
  must: 'her_zaman mutlaka zorunlu',
  first: 'once ilk',
  quiet: 'gizlice sessizce',
  content: 'icerik icerigi dosya dosyasini',
});
