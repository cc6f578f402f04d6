/** What changed between two definitions: word by word for people, and as a version for machines. */
export * from './change-level';
export * from './definition-difference';
