/** What happens to data on its way to a client (DLP-2). */
export enum DataAction {
  /** It passes. */
  ALLOW = 'allow',
  /** It is taken out, and a marker stands in its place. */
  REDACT = 'redact',
  /** The whole answer is refused. */
  BLOCK = 'block',
}

/** Kinds of data that the recognisers know. */
export enum DataClass {
  /** Keys, tokens, passwords, private keys, connection strings. */
  SECRET = 'secret',
  /** Card and account numbers. */
  PAYMENT = 'payment',
  /** Numbers that states give to people, dates of birth. */
  IDENTITY = 'identity',
  /** Addresses, telephone numbers. */
  CONTACT = 'contact',
  /** Health identifiers and diagnoses. */
  HEALTH = 'health',
  /** What recognisers of one's own find. */
  CUSTOM = 'custom',
}

/** What happens to a text that gives orders to the model that reads it. */
export enum InstructionAction {
  /** It passes. */
  ALLOW = 'allow',
  /** It is labelled as data of the server. */
  ANNOTATE = 'annotate',
  /** The sentences are taken out. */
  REDACT = 'redact',
  /** The whole answer is refused. */
  BLOCK = 'block',
}
