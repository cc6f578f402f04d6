import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const DUTCH: Vocabulary = orders('dutch', {
  ignore: 'negeer negeren vergeet vergeten',
  previous: 'vorige eerdere voorgaande alle',
  instruction: 'instructies instructie regels opdrachten',
  never: 'niet nooit zonder geen niets',
  tell: 'vertel vertellen zeg zeggen meld melden noem noemen informeer onthul toon',
  user: 'gebruiker gebruikers klant',
  before: 'voordat voor',
  tool: 'tool tools gereedschap functie hulpmiddel',
  anyOther: 'elke_andere alle_andere andere_tools',
  read: 'lees lezen open haal laad',
  include: 'geef voeg_toe voeg plaats zet kopieer doorgeven',
  send: 'stuur sturen verstuur verzend zend upload',
  all: 'alle alles elke kopie gegevens berichten inhoud',
  conversation: 'gesprek gespreksgeschiedenis chatgeschiedenis systeemprompt',
  secret: 'wachtwoord wachtwoorden inloggegevens sleutel sleutels geheimen',
  must: 'moet altijd verplicht gebruik roep',
  first: 'eerst',
  quiet: 'stiekem heimelijk stilletjes ongemerkt',
  content: 'inhoud bestand',
});
