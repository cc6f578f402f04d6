import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const POLISH: Vocabulary = orders('polish', {
  ignore: 'ignoruj zignoruj pomin zapomnij',
  previous: 'poprzednie poprzednich wczesniejsze wszystkie',
  instruction: 'instrukcje instrukcji polecenia zasady',
  never: 'nie nigdy bez',
  tell: 'mow powiedz wspominaj informuj ujawniaj pokazuj zglaszaj',
  user: 'uzytkownikowi uzytkownika uzytkownik uzytkownikom',
  before: 'zanim przed',
  tool: 'narzedzia narzedzie narzedzi funkcji',
  anyOther: 'kazdym_innym wszystkimi_innymi innymi_narzedziami',
  read: 'przeczytaj odczytaj otworz pobierz',
  include: 'przekaz dolacz umiesc dodaj wklej',
  send: 'wyslij przeslij wysylaj',
  all: 'wszystkie wszystko kazda kopie kopia dane wiadomosci zawartosc',
  conversation: 'rozmowy rozmowe historie_rozmowy konwersacji',
  secret: 'haslo hasla dane_logowania klucz klucze sekrety',
  must: 'musisz zawsze nalezy uzyj wywolaj',
  first: 'najpierw',
  quiet: 'potajemnie w_tajemnicy po_cichu niezauwazenie',
  content: 'zawartosc plik',
});
