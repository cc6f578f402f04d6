import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** One control of the paper. */
export interface Control {
  readonly id: string;
  readonly name: string;
  /** What the paper asks for, in a few words. */
  readonly asks: string;
  /** Why it is the work of people and not of code. @default - it is ours */
  readonly organisation?: string;
}

/** The controls of one section of the paper. */
export interface Section {
  readonly section: string;
  readonly controls: readonly Control[];
}

/** Reads the catalogue of controls. @throws Error where an id is used twice */
export function readCatalogue(file: string): readonly Section[] {
  const sections = parse(readFileSync(file, 'utf8')) as readonly Section[];
  const ids = sections.flatMap(({ controls }) => controls.map(({ id }) => id));
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`${file}: the control ${twice} is there twice`);
  return sections;
}
