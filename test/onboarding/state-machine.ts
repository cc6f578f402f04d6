type Json = any;

/** Carries out a state machine's definition (Amazon States Language) as far as the workflows of this package go. */
export interface Interpreter {
  /** What the tasks do: by the logical id of the function in their `Resource` or `FunctionName`. */
  readonly invoke: (functionId: string, payload: Json) => Promise<Json>;
  /** Waits for a task token's outcome; rejects with `{ name: 'States.Timeout' }` when it takes too long. */
  readonly waitFor: (taskToken: string) => Promise<Json>;
  readonly execution: string;
}

export interface Execution {
  readonly states: readonly string[];
  readonly output: Json;
  readonly error?: string;
}

let tokens = 0;

export async function interpret(definition: Json, input: Json, { invoke, waitFor, execution }: Interpreter): Promise<Execution> {
  const states: string[] = [];
  let name: string = definition.StartAt;
  let data = input;
  for (;;) {
    states.push(name);
    const state = definition.States[name];
    if (state === undefined) throw new Error(`there is no state ${name}`);
    switch (state.Type) {
      case 'Succeed':
        return { states, output: data };
      case 'Fail':
        return { states, output: data, error: state.Error };
      case 'Choice':
        name = choose(state, data);
        continue;
      case 'Map': {
        const items = read(state.ItemsPath, data, {}) as Json[];
        const run = (item: Json) => interpret(state.ItemProcessor, item, { invoke, waitFor, execution });
        const runs: Execution[] = [];
        if (state.MaxConcurrency === 1) for (const item of items) runs.push(await run(item));
        else runs.push(...(await Promise.all(items.map(run))));
        states.push(...runs.flatMap((run) => run.states));
        const failed = runs.find(({ error }) => error !== undefined);
        if (failed !== undefined) return { states, output: data, error: failed.error! };
        data = place(state.ResultPath, data, runs.map(({ output }) => output));
        break;
      }
      case 'Pass':
        data = place(state.ResultPath, data, state.Result);
        break;
      case 'Task': {
        const taskToken = `token-${(tokens += 1)}`;
        const parameters = resolve(state.Parameters, data, { Task: { Token: taskToken }, Execution: { Id: execution } });
        try {
          const waits = /waitForTaskToken$/.test(state.Resource);
          const result = waits ? (await invoke(parameters.FunctionName, parameters.Payload), await waitFor(taskToken)) : await invoke(state.Resource, parameters);
          data = place(state.ResultPath, data, result);
        } catch (error) {
          const caught = (state.Catch ?? []).find(({ ErrorEquals }: Json) => ErrorEquals.includes((error as Error).name) || ErrorEquals.includes('States.ALL'));
          if (caught === undefined) return { states, output: data, error: (error as Error).name };
          data = place(caught.ResultPath, data, { Error: (error as Error).name });
          name = caught.Next;
          continue;
        }
        break;
      }
      default:
        throw new Error(`a state of type ${state.Type} is not known`);
    }
    if (state.End) return { states, output: data };
    name = state.Next;
  }
}

/** Name of the state that a choice leads to. */
export function choose({ Choices, Default }: Json, data: Json): string {
  return Choices.find((rule: Json) => holds(rule, data))?.Next ?? Default;
}

function holds(rule: Json, data: Json): boolean {
  if (rule.And !== undefined) return rule.And.every((one: Json) => holds(one, data));
  if (rule.Or !== undefined) return rule.Or.some((one: Json) => holds(one, data));
  const value = read(rule.Variable, data, {});
  if (rule.NumericGreaterThan !== undefined) return value > rule.NumericGreaterThan;
  return value === (rule.StringEquals ?? rule.BooleanEquals);
}

function resolve(template: Json, data: Json, context: Json): Json {
  if (Array.isArray(template) || typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => (key.endsWith('.$') ? [key.slice(0, -2), read(value as string, data, context)] : [key, resolve(value, data, context)])));
}

function read(path: string, data: Json, context: Json): Json {
  const [root, ...members] = path.split('.');
  if (members.length === 0) return root === '$$' ? context : data;
  const found = members.reduce((value: Json, member) => value?.[member], root === '$$' ? context : data);
  if (found === undefined) throw Object.assign(new Error(`${path} is not there`), { name: 'States.Runtime' });
  return found;
}

function place(path: string | null | undefined, data: Json, result: Json): Json {
  if (path === null) return data;
  if (path === undefined) return result;
  return { ...data, [path.slice(2)]: result };
}
