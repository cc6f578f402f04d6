import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const ITALIAN: Vocabulary = orders('italian', {
  ignore: 'ignora ignorare ignorate dimentica dimenticare trascura',
  previous: 'precedenti precedente tutte tutti',
  instruction: 'istruzioni istruzione regole direttive ordini',
  never: 'non mai senza',
  tell: 'dire dica menzionare menziona informare informa rivelare rivela avvisare avvisa mostrare parlare',
  user: "utente l'utente all'utente utenti cliente",
  before: 'prima prima_di',
  tool: 'strumento strumenti funzione',
  anyOther: 'qualsiasi_altro tutti_gli_altri altri_strumenti ogni_altro qualunque_altro',
  read: 'leggi leggere apri aprire accedi recupera carica',
  include: 'includi includere passa passare aggiungi allega inserisci metti copia',
  send: 'invia inviare inoltra inoltrare manda mandare trasmetti spedisci',
  all: 'tutto tutti tutte ogni copia dati messaggi contenuto risultati',
  conversation: 'conversazione cronologia messaggi_precedenti prompt_di_sistema',
  secret: 'password credenziali chiave_privata chiavi segreti token chiave_api',
  must: 'devi deve sempre obbligatorio usa chiama esegui',
  first: 'prima innanzitutto',
  quiet: 'in_segreto segretamente silenziosamente di_nascosto',
  content: 'contenuto file',
});
