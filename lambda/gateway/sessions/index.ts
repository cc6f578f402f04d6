/** State that travels sealed through the client, so that instances need to remember nothing. */
export * from './legacy-session';
export * from './seal';
