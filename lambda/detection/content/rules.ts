import { Anchors } from '../places';
import type { Severity } from '../types';

/** One rule about the form of a content: a pattern, and what it is worth. */
export interface ContentRule {
  /** Stable, `TC-xxx`. */
  readonly id: string;
  readonly severity: Severity;
  /** One sentence that a reviewer understands. */
  readonly sentence: string;
  /** Log-odds that it adds. */
  readonly evidence: number;
  /** In small letters; texts without any of these, whatever the case, cannot match and are not searched. */
  readonly anchors: readonly string[];
  readonly pattern: RegExp;
}

const rule = (id: string, severity: Severity, evidence: number, sentence: string, anchors: readonly string[], pattern: RegExp): ContentRule => ({ id, severity, evidence, sentence, anchors, pattern });

/** What a result has no honest reason to hold, or few. Every pattern is matched in linear time. */
export const CONTENT_RULES: readonly ContentRule[] = [
  rule('TC-101', 'high', 3.5, 'A marker of a chat template makes a text look like a message of the system or the user.', ['<|', '[inst', '[/inst', '<<sys', '<</sys', '<start_of_turn', '<i_am_'],
    /<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\|>|\[\/?INST\]|<<\/?SYS>>|<start_of_turn>|<i_am_(?:start|end)>/i),
  rule('TC-102', 'high', 2.5, 'A text in brackets or tags poses as a message of the system.', ['system', 'admin', 'instruction', 'hidden', 'important', 'information'],
    /[[<({]{1,2}\/?\s?(?:SYSTEM|ADMIN(?:ISTRATOR)?|INSTRUCTIONS?|HIDDEN[ _-]?INSTRUCTIONS?|IMPORTANT|INFORMATION|system(?:[:_ -](?:prompt|override|message|instructions?|note))?|hidden[_-]?instructions?|admin[_-]?(?:note|message|override))(?:[ :][^\]>)}\n]{0,60})?[\]>)}]{1,2}/),
  rule('TC-103', 'high', 2.5, 'A text pretends that the tool\'s answer is over and something else begins.', ['end of ', 'end hidden', 'end the ', 'end new', 'end secret', 'end data', 'end document', 'end context', 'end instruction', 'end result', 'end search', 'end tool', 'end user', 'end system', 'begin of ', 'begin hidden', 'begin the ', 'begin new', 'begin secret', 'begin data', 'begin document', 'begin context', 'begin instruction', 'begin result', 'begin search', 'begin tool', 'begin user', 'begin system', '</tool_', '</function_', '</search_result'],
    /(?:-{2,}|={2,}|\[|#{2,})\s?(?:END|BEGIN) (?:OF )?(?:HIDDEN |THE |NEW |SECRET )?(?:DATA|DOCUMENT|CONTEXT|INSTRUCTIONS?|RESULTS?|SEARCH RESULTS|TOOL OUTPUT|USER INPUT|SYSTEM PROMPT)|BEGIN (?:HIDDEN|NEW|SECRET) INSTRUCTIONS?|<\/(?:tool_(?:output|result|response|call)|function_(?:results?|calls?)|search_results?)>/),
  rule('TC-104', 'medium', 1.5, 'Text is hidden from people and not from a model.', ['style', '<hidden', 'aria-hidden='],
    /style\s{0,2}=\s{0,2}\\?["'][^"'>]{0,120}(?:display\s{0,2}:\s{0,2}none|visibility\s{0,2}:\s{0,2}hidden|font-size\s{0,2}:\s{0,2}[01](?:px|pt|em)?\b|opacity\s{0,2}:\s{0,2}0(?:\.0\d?)?\b|left\s{0,2}:\s{0,2}-\d{3,})[^>]{0,120}>\s{0,20}[^<\s][^<]{20}|<hidden[\s>]|aria-hidden=\\?["']true\\?["'][^>]{0,80}>\s{0,20}[^<\s][^<]{30}/i),
  rule('TC-105', 'medium', 1.5, 'A comment that only a model reads addresses one.', ['<!--', '[//]', '/*'],
    /(?:<!--|\[\/\/\]: # \()(?:[^>\n]{0,80}[^\w>\n-])?(?:AI|LLM|assistant|agent|model|system|ignore|override|instruction|copilot|claude|gpt)s?\b|\/\*(?:[^>\n]{0,80}[^\w>\n-])?(?:AI|LLM|assistant|copilot|claude|gpt)s?\b/i),
  rule('TC-201', 'high', 3.7, 'A link or image would carry data out when it is shown.', ['](', '[data', '[payload', '[info', '[secret', '[token', '[content', '[b64', '[base64', '[dump', '[message'],
    /!?\[[^[\]\n]{0,200}\]\(\s?https?:\/\/[^()\s[{<$]{1,300}(?:\[[A-Za-z_ -]{2,40}\]|\{\{?[A-Za-z_. -]{2,40}\}?\}|<[A-Za-z_ -]{2,40}>|\$\{)[^)]{0,100}\)|https?:\/\/[^\s)"'<>[]{1,200}[?&/=]\[(?:DATA|PAYLOAD|INFO|SECRET|TOKEN|CONTENT|B64|BASE64|DUMP|MESSAGE)[^\]]{0,40}\]/i),
  rule('TC-202', 'medium', 1.2, 'An image is loaded from an address with a long query.', ['!['],
    /!\[[^[\]\n]{0,200}\]\(\s?https?:\/\/(?!(?:img\.shields\.io|nodei\.co)\/)[^()\s?]{1,200}\?[^()\s]{24,2000}\)/),
  rule('TC-203', 'high', 2.5, 'Markup runs a script.', ['javascript:', 'vbscript:', '<script', 'srcdoc', 'data:text/html', ' onerror', ' onload', ' onclick', ' onmouseover', ' onfocus'],
    /javascript:\s?[a-z(]|vbscript:|<script[\s>][\s\S]{0,400}(?:fetch|XMLHttp|document\.|eval|location|atob)|<[a-z]{1,10}[^>]{0,200}\son(?:error|load|click|mouseover|focus)\s?=|srcdoc\s?=|data:text\/html[;,]/i),
  rule('TC-205', 'high', 2.5, 'A script sends what the page knows of its reader.', ['cookie', 'localstorage', 'atob('],
    /(?:fetch\(|sendBeacon\(|\.src\s?=|location\s?=)[^\n]{0,200}(?:cookie|localStorage)|(?:cookie|localStorage)[^\n]{0,200}(?:fetch\(|https?:\/\/)|eval\(\s?atob\(/i),
  rule('TC-204', 'medium', 1.5, 'Markup brings in another page.', ['<iframe', '<object', '<embed', 'http-equiv', 'ui://'], /<(?:iframe|object|embed)[\s>]|http-equiv\s?=\s?["']?refresh|(?:src|href|\()\s?=?["'(]?ui:\/\//i),
  rule('TC-301', 'high', 3.7, 'A terminal would be controlled: its title, its cursor, its screen, its links.', ['\u001b]', '\u001b[', '\u001bp', '\u001bc', '\u001b^', '\u001b_', '\\x1b', '\\u001b', '\\033', '\\e['],
     
    /(?:\u001b|\\x1b|\\u001b|\\033|\\e)(?:\][0-9]{1,3};|\[[?0-9;]{0,12}[A-HJKLNSTUa-hjklnstu]|[PpCc^_])/),
  rule('TC-302', 'medium', 1, 'Characters of a terminal are written out.', ['\\x1b[', '\\u001b[', '\\033['], /\\(?:x1b|u001b|033)\[/),
  rule('TC-401', 'high', 2.2, 'A command loads something and runs it, or opens a way in.', ['curl', 'wget', 'fetch', 'bash <(', '/dev/tcp/', ' nc ', 'powershell', 'iex(', 'iex (', 'base64 -', 'socket.socket('],
    /(?:curl|wget|fetch)\b[^|\n]{1,200}\|\s{0,3}(?:sudo )?(?:ba|z|da)?sh\b|bash <\(\s?curl|\/dev\/tcp\/|\bnc (?:-[a-z]+ )?[\w.]{3,60} \d{2,5}|powershell(?:\.exe)?\s{1,3}(?:-\w{1,20}\s{1,3}){0,4}-e(?:nc|ncodedcommand)?\s|\bIEX ?\((?!\d)|base64 (?:-d|--decode)[^|\n]{0,40}\|\s?(?:ba)?sh|socket\.socket\(|wget [^\n;&|]{4,200}[;&]{1,2}\s?chmod \+x/i),
  rule('TC-402', 'high', 2.2, 'Code reads secrets or starts processes.', ['child_process', 'os.system', 'subprocess.', 'exec(', 'exec (', 'exec\t(', 'exec\n(', 'execsync', 'eval(', 'eval (', 'eval\t(', 'eval\n(', 'popen', '__class__', '__globals__', '__subclasses__', '__builtins__', '__mro__', '__import__'],
    /require\(\s?['"]child_process['"]\s?\)\.exec|(?:os\.system|subprocess\.(?:Popen|call|run|check_output)|exec(?:Sync)?|eval|popen)\s?\([^)\n]{0,200}(?:curl|wget|nc |\/etc\/|https?:|base64|atob|os\.system|rm -)|__(?:class|globals|subclasses|builtins|mro|import)__[\s\S]{0,80}(?:popen|read|system|eval|__)/i),
  rule('TC-404', 'high', 3.7, 'A command opens a way in, or runs what it hides.', ['bash -i', '/dev/tcp/', 'powershell', 'iex(', 'iex (', 'base64 -', 'bash <(', '0 -e', '1 -e', '2 -e', '3 -e', '4 -e', '5 -e', '6 -e', '7 -e', '8 -e', '9 -e', 'socket.socket('],
    /bash -i\s?[>&]|\/dev\/tcp\/[\w.]{3,60}\/\d|powershell(?:\.exe)?\s{1,3}(?:-\w{1,20}\s{1,3}){0,4}-e(?:nc|ncodedcommand)\s|\bIEX ?\((?!\d)|base64 (?:-d|--decode)[^|\n]{0,40}\|\s?(?:ba)?sh\b|bash <\(\s?curl|\bnc (?:-[a-z]{1,6} )?[\w.]{3,60} \d{2,5} -e\b|socket\.socket\([^\n]{0,200}(?:connect|AF_INET)/i),
  rule('TC-405', 'high', 3.7, 'A template would be evaluated where the text is shown: it reads secrets or reaches the interpreter.', ['{{', '${', '<%', '#{'],
    /\{\{[^{}\n]{0,120}(?:__(?:class|globals|subclasses|builtins|mro|import)__|\bconfig\.\w{0,30}(?:SECRET|KEY|PASSWORD|TOKEN)|\bself\.__|\blipsum\b|\bcycler\b)|(?:\{\{|\$\{|<%=|#\{)\s?\d{1,4}\s?\*\s?\d{1,4}\s?(?:\}|%>)/),
  rule('TC-406', 'high', 3.7, 'Code or markup runs as soon as it is read, and reads what is secret.', [' onerror', ' onload', ' onfocus', ' ontoggle', '/etc/passwd', '/etc/shadow', '.aws/credentials', 'id_rsa', 'id_ed25519'],
    /\son(?:error|load|focus|toggle)\s?=\s?\\?["']?[^"'>\n]{0,60}(?:alert|eval|fetch|atob|prompt|document\.(?:cookie|domain|location))|(?:exec(?:Sync)?|system|popen|spawn|check_output|open|read_?file(?:Sync)?)\s?\(\s?\\?['"`][^'"`\n]{0,80}(?:\/etc\/(?:passwd|shadow)|\.aws\/credentials|\.ssh\/id_(?:rsa|ed25519))/i),
  rule('TC-403', 'medium', 1.2, 'A command destroys what it finds.', [' rm -', 'mkfs', ':()'], /\brm -(?:rf|fr|r -f)\s{1,3}(?:--no-preserve-root|\/(?:\s|$|\*))|mkfs\.\w+ \/dev|:\(\)\{ ?:\|:/i),
];

/** Made when it is first needed: a program that judges no content does not pay for it. */
let anchors: Anchors | undefined;

/** The rules that can match in a text, in their order. */
export function rulesFor(text: string): readonly ContentRule[] {
  anchors ??= new Anchors(CONTENT_RULES.flatMap((one) => one.anchors));
  const found = anchors.foundIn(text);
  let at = 0;
  return CONTENT_RULES.filter((one) => {
    const from = at;
    at += one.anchors.length;
    return found.subarray(from, at).includes(1);
  });
}

/** Findings that are no pattern. */
export const HIDDEN_TEXT = { id: 'TC-501', severity: 'critical', evidence: 4, sentence: 'Invisible characters carry a text.' } as const;
export const INVISIBLE = { id: 'TC-502', severity: 'medium', evidence: 2.5, sentence: 'Invisible or reordering characters stand where no script needs them.' } as const;
export const LOOKALIKES = { id: 'TC-503', severity: 'medium', evidence: 2.5, sentence: 'Words are spelt with letters of another script that look the same.' } as const;
export const ENCODED = { id: 'TC-504', severity: 'high', evidence: 1.5, sentence: 'An encoded text gives orders to whoever decodes it.' } as const;
export const ORDER = { id: 'TC-901', severity: 'high', evidence: 0, sentence: 'A sentence reads like an order to the agent rather than like data.' } as const;
