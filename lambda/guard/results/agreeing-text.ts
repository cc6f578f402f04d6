import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';
import { indentOf, parseJson, type Redaction } from './redaction';

/** Which text block says in JSON what `structuredContent` is. */
export function agreeingText({ content, structuredContent }: JsonObject): number | undefined {
  if (structuredContent === undefined || !Array.isArray(content)) return undefined;
  const expected = JSON.stringify(structuredContent);
  const index = content.findIndex((block) => {
    const parsed = isJsonObject(block) && typeof block.text === 'string' ? parseJson(block.text) : undefined;
    return parsed !== undefined && JSON.stringify(parsed) === expected;
  });
  return index === -1 ? undefined : index;
}

/** Writes the text block anew where the structured content changed; other blocks are checked as ever. */
export function writeAgreeing(original: JsonObject, value: JsonObject, agreeing: number, pass: Redaction): boolean {
  const blocks = original.content as JsonValue[];
  const block = blocks[agreeing] as JsonObject;
  const others = pass.blocks(blocks.filter((_, index) => index !== agreeing), '/content');
  const text = block.text as string;
  const isSame = value.structuredContent === original.structuredContent;
  const written = isSame ? pass.text(text, `/content/${agreeing}/text`) : JSON.stringify(value.structuredContent, null, indentOf(text));
  const content = [...others.slice(0, agreeing), written === text ? block : { ...block, text: written }, ...others.slice(agreeing)];
  if (content.every((element, index) => element === blocks[index])) return false;
  value.content = content;
  return true;
}
