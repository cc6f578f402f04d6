import type { Hit } from '../rules/hit';
import type { RuleInfo } from '../rules/rule';
import { isJsonObject, type ToolDefinition } from '../../protocol';

const rule = (id: string, severity: RuleInfo['severity'], sentence: string, safId: string, owaspId: string): RuleInfo => ({ id, severity, sentence, safId, owaspId, wordless: true });

export const ANNOTATION_RULES = {
  readOnly: rule('TP-921', 'medium', 'It calls itself read-only, and its name says that it changes or sends something.', 'SAF-T1104', 'MCP02'),
  readOnlyWrites: rule('TP-922', 'high', 'It describes itself as read-only or safe, and has a parameter that makes it write.', 'SAF-T1104', 'MCP02'),
  conversation: rule('TP-923', 'high', 'It has a parameter for the conversation or the instructions of whoever calls it, which its purpose does not need.', 'SAF-T1801', 'MCP10'),
  bypass: rule('TP-924', 'medium', 'It has a parameter that switches a protection off.', 'SAF-T1104', 'MCP02'),
} as const;

const ACTING = /^(?:send|delete|remove|write|create|update|upload|post|execute|run|drop|destroy|transfer|pay|deploy|install|kill|forward|publish|modify|overwrite)(?:_|-|$|[A-Z])/;

const READS_ONLY = /\bread[ -]?only\b|\breadonly\b/i;
const WRITE_PARAMETER = /^(?:write|write_mode|allow_write|enable_write|writemode|delete|overwrite|execute|exec|allow_delete)$/i;

/** Parameters by which poisoned tools carry away what they are not told; the parts are compared without separators. */
const CONVERSATION_PARAMETER = /^(?:side_?note|(?:full|entire|complete)_?(?:context|conversation|history|prompt)|(?:conversation|chat|message|messages|dialog|dialogue|session)_?(?:history|log|transcript|context|so_?far)|(?:previous|prior|past|recent|all)_?(?:messages|conversation|prompts|turns|tool_?(?:results|outputs|calls))|system_?(?:prompt|message|instructions)|(?:hidden|internal|assistant|agent|model|llm)_?(?:reasoning|instructions|thoughts|context|prompt)|chain_?of_?thought|reasoning_?trace|user_?(?:prompt|secrets?|credentials)|context_?(?:injection|window|dump)|override_?instructions)$/i;

/** A tool that is about models, prompts or chats may well have such a parameter. */
const ABOUT_MODELS = /\b(?:llm|gpt|openai|anthropic|claude|gemini|model|models|prompt|prompts|chat|chats|completion|completions|conversation|conversations|dialog|dialogue|assistant|assistants|agent|agents|persona|bot|chatbot|transcript|message|messages|ai|evaluat\w+|judge|generat\w+|inference)\b/i;

const BYPASS_PARAMETER = /^(?:bypass|override|skip|disable|ignore|jailbreak|no)_?(?:safety|security|validation|auth\w*|checks?|guardrails?|mode|restrictions?|filters?|policy|policies|sanitization|logging|audit|access_?control)$|^(?:admin|god|root|jailbreak|emergency|debug)_?(?:mode|override|access|code)$|^(?:trust|unrestricted)_?(?:input|query|level|access|mode)$|^simulate_?privilege$/i;

/** Contradictions inside one definition. Spans cover the whole text at their pointer. */
export function annotationHits(tool: ToolDefinition): readonly Hit[] {
  const hits: Hit[] = [];
  const name = typeof tool.name === 'string' ? tool.name : '';
  const description = typeof tool.description === 'string' ? tool.description : '';
  if (isJsonObject(tool.annotations) && tool.annotations.readOnlyHint === true && ACTING.test(name)) {
    hits.push({ rule: ANNOTATION_RULES.readOnly, pointer: '/name', start: 0, end: name.length });
  }
  const about = `${name.replace(/[_-]/g, ' ')} ${description.slice(0, 2_000)}`;
  for (const { key, pointer } of parameters(tool.inputSchema)) {
    const at = { pointer, start: 0, end: key.length };
    const snake = key.replace(/([a-z])([A-Z])/g, '$1_$2');
    if (WRITE_PARAMETER.test(snake) && READS_ONLY.test(about)) hits.push({ rule: ANNOTATION_RULES.readOnlyWrites, ...at });
    if (CONVERSATION_PARAMETER.test(snake) && !ABOUT_MODELS.test(about)) hits.push({ rule: ANNOTATION_RULES.conversation, ...at });
    if (BYPASS_PARAMETER.test(snake)) hits.push({ rule: ANNOTATION_RULES.bypass, ...at });
  }
  return hits;
}

/** At most so many parameters are looked at; a name that is longer than this says nothing. */
const MAX_PARAMETERS = 2_000;
const MAX_NAME = 64;

function parameters(schema: unknown): readonly { readonly key: string; readonly pointer: string }[] {
  if (!isJsonObject(schema)) return [];
  const { properties } = schema;
  const [members, base] = isJsonObject(properties) ? [properties, '/inputSchema/properties'] : [schema, '/inputSchema'];
  return Object.keys(members)
    .slice(0, MAX_PARAMETERS)
    .filter((key) => key.length <= MAX_NAME)
    .map((key) => ({ key, pointer: `${base}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` }));
}
