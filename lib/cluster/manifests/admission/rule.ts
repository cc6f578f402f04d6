/** One thing that an object must be to be let in. */
export interface AdmissionRule {
  /** Stable name, for tests and reports. */
  readonly name: string;
  /** Controls that it holds. */
  readonly controls: readonly string[];
  /** What is true of a good object: CEL over `object`, `variables` and `namespaceObject`. */
  readonly expression: string;
  /** What a person whose object was refused reads, after the controls. */
  readonly message: string;
}

/** A name for something that several rules read. */
export interface AdmissionVariable {
  readonly name: string;
  readonly expression: string;
}
