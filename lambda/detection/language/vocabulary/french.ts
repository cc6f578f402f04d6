import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const FRENCH: Vocabulary = orders('french', {
  ignore: 'ignore ignorez ignorer oublie oubliez oublier neglige negligez',
  previous: 'precedentes precedente precedents anterieures anterieurs toutes tous',
  instruction: 'instructions instruction consignes consigne regles directives ordres',
  never: 'ne jamais sans n',
  tell: 'dis dites mentionne mentionnez mentionner informe informez informer revele revelez reveler parle parlez parler montre montrez signale signalez previens prevenez dire',
  user: "utilisateur l'utilisateur utilisateurs utilisatrice client",
  before: "avant avant_de avant_d'utiliser",
  tool: 'outil outils fonction',
  anyOther: "tout_autre tous_les_autres autres_outils toutes_les_autres n'importe_quel_autre chaque_outil tout_outil",
  read: 'lis lisez lire ouvre ouvrez ouvrir accede accedez recupere recuperez charge',
  include: 'inclus incluez inclure mets mettez passe passez transmets transmettez joins joignez ajoute ajoutez copie',
  send: 'envoie envoyez envoyer transmets transmettez transfere transferez televerse expedie fais_suivre',
  all: 'tout tous toutes toutes_les tous_les chaque copie donnees messages contenu resultats',
  conversation: 'conversation historique historique_de_la_conversation discussion messages_precedents prompt_systeme',
  secret: 'mot_de_passe mots_de_passe identifiants cle_privee cles_privees secrets jeton jetons cle_api cles_api',
  must: 'dois devez doit toujours obligatoire obligatoirement appelle appelez utilise utilisez appele',
  first: "d'abord premier avant",
  quiet: "en_secret secretement silencieusement discretement a_l'insu",
  content: 'contenu contenus fichier',
});
