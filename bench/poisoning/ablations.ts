/**
 * What the detector must not look at: whether there is a schema, what things are called, how long or how formatted a text is.
 * Each change takes one of these away; the verdicts should stay as they were.
 */
import { textFields } from '../../lambda/detection';
import type { Definition } from '../../training/corpus';
import { Random } from '../../training/random';

export interface Ablation {
  readonly name: string;
  change(definition: Definition): Definition;
}

type Tool = Definition['tool'];

function with_(definition: Definition, tool: Tool): Definition {
  return { ...definition, tool, fields: textFields(tool) };
}

const description = (tool: Tool): string => (typeof tool.description === 'string' ? tool.description : '');

/** @param honest definitions of the corpus whose surroundings are borrowed */
export function ablations(honest: readonly Definition[]): readonly Ablation[] {
  const random = new Random(7);
  const described = honest.filter(({ tool }) => description(tool).length > 40 && tool.inputSchema !== undefined);
  return [
    { name: 'no schema', change: (definition) => with_(definition, { name: definition.tool.name, description: definition.tool.description }) },
    { name: 'no name', change: (definition) => with_(definition, { ...definition.tool, name: 'tool' }) },
    {
      name: 'on one line, without markup',
      change: (definition) => with_(definition, { ...definition.tool, description: description(definition.tool).replaceAll(/[*#`_]+|\s*\n\s*/g, ' ') }),
    },
    {
      name: 'name and schema of another, honest tool',
      change: (definition) => {
        const host = random.pick(described).tool;
        return with_(definition, { name: host.name, description: definition.tool.description, inputSchema: host.inputSchema });
      },
    },
    {
      name: 'inside the text of another, honest tool',
      change: (definition) => {
        const host = random.pick(described).tool;
        return with_(definition, { ...host, description: `${description(host)}\n\n${description(definition.tool)}` });
      },
    },
  ];
}
