/** Where in a text something may begin: what one look at every character says. */
export { Anchors } from './anchors';
export { Places } from './places';
export { CharacterKind, CHARACTER_KINDS } from './reader';
