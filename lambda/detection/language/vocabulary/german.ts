import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const GERMAN: Vocabulary = orders('german', {
  ignore: 'ignoriere ignorieren ignoriert vergiss vergesse vergessen missachte missachten verwirf uebergehe übergehe umgehe',
  previous: 'vorherigen vorherige bisherigen bisherige vorigen fruheren fruhere obigen alle allen vorangegangenen',
  instruction: 'anweisungen anweisung regeln instruktionen vorgaben befehle richtlinien',
  never: 'nicht nie niemals ohne kein keine nichts',
  tell: 'sag sage sagen erwahne erwahnen erzahle erzahlen informiere informieren verrate verraten zeige zeigen mitteile teile mitteilen melde melden offenbare davon',
  user: 'nutzer benutzer nutzerin benutzerin anwender nutzers benutzers kunden kunde',
  before: 'bevor vor vorher',
  tool: 'werkzeug werkzeuge werkzeugs tool tools funktion',
  anyOther: 'jedem_anderen allen_anderen anderen_werkzeugen anderen_tools jedem_werkzeug jedem_anderen_werkzeug jedes_andere jeder_anderen',
  read: 'lies lese lesen offne offnen lade rufe hole hol auslesen',
  include: 'ubergib ubergebe ubergeben fuge fuge_ein fuge_an hange hange_an schreibe einfugen mitgeben lege gib kopiere stehen',
  send: 'sende senden schicke schicken ubermittle ubermitteln leite leite_weiter weiterleiten lade_hoch hochladen ubertrage ubertragen',
  all: 'alle alles allen jede jeder jeden kopie daten nachrichten inhalt inhalte ergebnisse gesamte gesamten gesamter',
  conversation: 'gesprach gesprachs gesprachsverlauf chatverlauf unterhaltung verlauf bisherigen_nachrichten systemprompt konversation',
  secret: 'passwort passworter zugangsdaten privater_schlussel privaten_schlussel schlussel geheimnisse token tokens api-schlussel',
  must: 'musst muss immer stets zwingend unbedingt soll rufe verwende benutze',
  first: 'zuerst erst zunachst',
  quiet: 'heimlich unbemerkt still verdeckt im_stillen ohne_dass_der_nutzer klammheimlich',
  content: 'inhalt inhalte datei dateien',
});
