import type { Operation } from '../authorization';
import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { visible } from './access';
import type { Call } from './call';

/** The page of `tools/list` with the tools that are sound, approved where there is a registry (TD-4), and that the principal may see (MUL-8). */
export async function filterTools(call: Call, result: JsonObject): Promise<JsonObject> {
  const { entries, dropped } = await call.catalog.read(result.tools);
  for (const { name, reason } of dropped) call.scope.note(`tool_dropped:${name}: ${reason}`);
  const approved = entries.filter(({ definition, approval }) => {
    const withheld = approval?.withheld();
    if (withheld !== undefined) call.scope.note(`tool_withheld:${definition.name}: ${withheld}`);
    return withheld === undefined;
  });
  const seen = await visible(call, approved.map(({ definition }) => ({ kind: 'callTool', tool: definition, arguments: {} })));
  return { ...result, tools: approved.filter((_, index) => seen[index]).map(({ definition }) => definition as unknown as JsonObject) };
}

export function filterPrompts(call: Call, result: JsonObject): Promise<JsonObject> {
  return filterItems(call, result, 'prompts', 'name', (prompt) => ({ kind: 'getPrompt', prompt, arguments: {} }));
}

export function filterResources(call: Call, result: JsonObject): Promise<JsonObject> {
  return filterItems(call, result, 'resources', 'uri', (uri) => ({ kind: 'readResource', uri }));
}

/** A template is decided on by its own text, as if it were a URI: `file:///reports/{name}`. */
export function filterResourceTemplates(call: Call, result: JsonObject): Promise<JsonObject> {
  return filterItems(call, result, 'resourceTemplates', 'uriTemplate', (uri) => ({ kind: 'readResource', uri }));
}

async function filterItems(
  call: Call,
  result: JsonObject,
  list: string,
  key: string,
  operationOf: (value: string) => Operation,
): Promise<JsonObject> {
  const items: readonly JsonValue[] = Array.isArray(result[list]) ? result[list] : [];
  const sound = items.filter((item): item is JsonObject => isJsonObject(item) && typeof item[key] === 'string');
  if (sound.length < items.length) call.scope.note(`${list}_dropped:${items.length - sound.length}`);
  const seen = await visible(call, sound.map((item) => operationOf(item[key] as string)));
  return { ...result, [list]: sound.filter((_, index) => seen[index]) };
}

/** For a response whose request is not known, on a resumed stream: whatever list it carries is filtered. */
export async function filterByShape(call: Call, result: JsonObject): Promise<JsonObject> {
  let filtered = result;
  if ('tools' in filtered) filtered = await filterTools(call, filtered);
  if ('prompts' in filtered) filtered = await filterPrompts(call, filtered);
  if ('resources' in filtered) filtered = await filterResources(call, filtered);
  if ('resourceTemplates' in filtered) filtered = await filterResourceTemplates(call, filtered);
  return filtered;
}
