/** Something that is an attack on whatever evaluates it, in a parameter of any kind. */
export interface PayloadRule {
  /** Stable, `TA-xxx`. */
  readonly id: string;
  /** 0 to 1: how sure a match is. */
  readonly score: number;
  readonly sentence: string;
  readonly pattern: RegExp;
}

const rule = (id: string, score: number, sentence: string, pattern: RegExp): PayloadRule => ({ id, score, sentence, pattern });

/** Attacks on interpreters, file systems and networks, for arguments of which nothing is known but their text. */
export const PAYLOAD_RULES: readonly PayloadRule[] = [
  rule('TA-101', 0.95, 'A path climbs out of its folder.', /(?:^|[/\\=\s'"`(,{])(?:\.{2}|%2e%2e|\.%2e|%2e\.|%252e%252e)(?:[/\\]|%2f|%5c|%252f)(?:\.{2}|%2e%2e|etc|windows|root|home|proc|var)|\.{4,}[/\\]{2}/i),
  rule('TA-102', 0.9, 'A path leads to a file with secrets of the system.', /(?:^|[\s"'=:(])(?:file:\/\/)?\/(?:etc\/(?:passwd|shadow|sudoers|ssh\/)|proc\/(?:self|\d+)\/(?:environ|cmdline|mem|maps)|root\/\.|var\/run\/(?:docker\.sock|secrets))|(?:~|\/home\/\w+|\/Users\/\w+|%userprofile%)[/\\]\.(?:ssh|aws|gnupg|kube|netrc|docker)\b|\bid_(?:rsa|ed25519|ecdsa)\b|win\.ini|boot\.ini|\bSAM\b.{0,20}system32/i),
  rule('TA-103', 0.95, 'An address leads to the metadata service of a cloud.', /169\.254\.169\.254|169\.254\.170\.2|metadata\.(?:google\.internal|goog)|instance-data\b|fd00:ec2::254|100\.100\.100\.200|0xa9fea9fe|2852039166/i),
  rule('TA-104', 0.85, 'A URL leads to this machine or into a private network.', /\b[a-z][a-z0-9+.-]{1,12}:\/\/(?:[^/\s"'@]{0,100}@)?(?:localhost|127(?:\.\d{1,3}){1,3}|0(?:\.0){0,3}|10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|0x7f[0-9a-f]{0,8}|0177[0-7.]*|2130706433|\[(?:::1?|::ffff:[^\]]{1,40}|fe80:[^\]]{1,40}|f[cd][0-9a-f]{2}:[^\]]{1,40})\]|[\w.-]{1,100}\.(?:internal|local|localhost|svc|cluster\.local|nip\.io|sslip\.io|xip\.io)|kubernetes(?:\.default)?)(?=[:/?#\s"']|$)/i),
  rule('TA-105', 0.9, 'A URL of a scheme that reaches services or files.', /\b(?:gopher|dict|jar|phar|expect|ldaps?|tftp|netdoc|php):\/\/|\bfile:\/\/\//i),
  rule('TA-201', 0.95, 'A command loads a program and runs it, or opens a way in.', /(?:curl|wget)\b[^|;&\n]{0,300}(?:\|\s?(?:sudo )?(?:ba|z|da)?sh\b|[;&]{1,2}\s?(?:chmod \+x|(?:ba)?sh )|-O\s?\S{1,100}\s{0,3}&&)|bash -i\b|\/dev\/tcp\/|\bnc (?:-\w+ )?[\w.]{3,60} \d{2,5}|bash <\(|powershell\b.{0,60}-e(?:nc)?\b|\bIEX\b/i),
  rule('TA-202', 0.85, 'A second command follows the first.', /(?:[;&|]{1,2}|\$\(|`)\s{0,3}(?:curl|wget|cat|rm|id|whoami|nc|bash|sh|python3?|perl|ruby|powershell|sleep|ping|nslookup|chmod|chown|touch|echo|ls|uname|env|printenv|kill|mkfs|dd)\b(?:\s|$|[;&|)`])/i),
  rule('TA-203', 0.9, 'A command leaves its container, or takes all rights.', /\bnsenter\b.{0,80}--target|\bnsenter\s+-t\b|docker\s+run\b.{0,200}(?:--privileged|-v\s?\/:)|chroot\s+\/(?:host|mnt)|kubectl\s+(?:exec|delete|create clusterrolebinding)|\bsudo\s+(?:su|-i|-s|bash|sh)\b|chmod\s+(?:-R\s+)?(?:777|\+s|4755)|usermod\s+-aG|insmod\b|setcap\b/i),
  rule('TA-204', 0.85, 'A command shows or destroys what is of the system.', /\bcat\s+\/(?:etc|proc|root)\/|\brm\s+-(?:rf|fr)\s+(?:--no-preserve-root\s+)?[/~*]|mkfs\.|\bdd\s+if=.{1,80}of=\/dev\/|:\(\)\s?\{/i),
  rule('TA-301', 0.95, 'A quotation mark ends the value and SQL begins.', /'\s{0,4}(?:\)|\/\*{2}\/|\s){0,4}(?:or|and|union|;|--|\|\|)[\s/*(]{0,6}(?:'?\w{1,20}'?\s{0,3}(?:=|like)\s{0,3}'?\w{0,20}|select|all|drop|sleep|--)|'\s{0,3}\)?\s{0,3};\s{0,3}(?:drop|delete|update|insert|exec|alter|shutdown)\b|\badmin'\s?(?:--|#|\/\*)/i),
  rule('TA-302', 0.9, 'A query is joined with another one, or waits, or reads files.', /\bunion(?:\s|\/\*{1,2}\*?\/|%20|\+){1,4}(?:all\s{1,3})?select\b|\bwaitfor\s+delay\b|\bpg_sleep\s?\(|\bxp_cmdshell\b|\bload_file\s?\(|into\s+(?:out|dump)file\b|\binformation_schema\./i),
  rule('TA-303', 0.85, 'A statement destroys tables.', /(?:^|["';(\s])(?:drop|truncate)\s+(?:table|database|schema)\s+\w+\s{0,3};?\s{0,3}(?:--|$|"|'|\)|;)|;\s?delete\s+from\s+\w+\s?(?:;|--|$)/i),
  rule('TA-304', 0.9, 'An operator of a document database stands where a value should.', /["']?\$(?:where|ne|gt|regex|nin|exists|function|accumulator)["']?\s?:\s?(?:["']|null|\{|1\b|true|function)/i),
  rule('TA-401', 0.95, 'A template reaches for the objects of its language.', /\{\{[^{}]{0,300}(?:__\w{1,40}__|config\.|self\.|request\.|\.constructor|\bpopen\b|subclasses|lipsum|cycler|7\s?\*\s?'?7)[^{}]{0,300}\}\}|\{\{\s?\d+\s?\*\s?'?\d+'?\s?\}\}|\$\{(?:jndi:|T\(|\d+\*\d+|.{0,80}Runtime)|<%=?.{0,200}(?:system|exec|`)|#\{\s?\d+\*\d+|\{%\s?(?:import|include)\b/i),
  rule('TA-402', 0.95, 'A lookup would load code.', /\$\{(?:\$\{[^}]{0,20}\}|[^}]{0,20}jndi|[^}]{0,20}lower:j)/i),
  rule('TA-403', 0.95, 'A serialised object runs code when it is read.', /\bO:\d{1,4}:"[\w\\]{1,200}":\d{1,4}:\{|_\$\$ND_FUNC\$\$_|\brO0AB[A-Za-z0-9+/]{4}|!!python\/(?:object|name|module)|\bcos\nsystem\n|\bc__builtin__\b|CommonsCollections|InvokerTransformer|ObjectInputStream|pickle\.loads|!!javax\.|java\.lang\.Runtime/),
  rule('TA-404', 0.95, 'A member would change the prototype of all objects.', /["'[]?__proto__["'\]]?\s?[:=\].]|["']?constructor["']?\s?(?:\]\[|:\s?\{\s?|\.)["']?prototype\b/),
  rule('TA-405', 0.9, 'Code starts a process or reads the environment.', /(?:require\(\s?['"]child_process['"]\)|os\.(?:system|popen)|subprocess\.(?:call|run|Popen|check_output))\b.{0,200}|\beval\(\s?(?:atob|compile|request|Buffer)|Runtime\.getRuntime\(\)\.exec|__import__\(/i),
  rule('TA-406', 0.8, 'Markup runs a script.', /<script\b|javascript:\s?[a-z(]|<[a-z]{1,10}[^>]{0,200}\son(?:error|load|click|mouseover|focus)\s?=|<iframe\b/i),
  rule('TA-407', 0.9, 'A document would load another one from outside.', /<!ENTITY\s+\S{1,60}\s+(?:SYSTEM|PUBLIC)\b|<!DOCTYPE[^<>[]{0,200}\[[^\]]{0,400}<!ENTITY/i),
  rule('TA-408', 0.85, 'Line breaks would begin a new header.', /(?:%0d%0a|\r\n|\\r\\n)(?:Set-Cookie|Location|Content-Length|Host|X-[\w-]{1,40}|HTTP\/1)[:\s]/i),
  rule('TA-501', 0.8, 'The value is a secret of the environment.', /^\s?\$\{?[A-Z_]{0,30}(?:SECRET|TOKEN|PASSWORD|API_?KEY|ACCESS_KEY|PRIVATE_KEY)[A-Z_]{0,30}\}?\s?$|\bprocess\.env\.\w*(?:SECRET|TOKEN|KEY|PASSWORD)/),
  rule('TA-502', 0.75, 'The arguments ask for the rights of an administrator.', /(?:^|[?&;,{\s"'])(?:is_?admin|admin|superuser|is_?root|is_?superuser)["']?\s?[=:]\s?(?:["']?true|1\b)|["']?role["']?\s?[=:]\s?["']?(?:super_?user|admin(?:istrator)?|root|owner)\b/i),
];

/** A rule that matches, and where. */
export interface PayloadHit {
  readonly rule: PayloadRule;
  readonly start: number;
  readonly end: number;
}

const LONGEST = 65_536;

/** Attacks in a text of which nothing is known. */
export function findPayloads(text: string): readonly PayloadHit[] {
  const read = text.slice(0, LONGEST);
  const hits: PayloadHit[] = [];
  for (const candidate of PAYLOAD_RULES) {
    const match = candidate.pattern.exec(read);
    if (match !== null) hits.push({ rule: candidate, start: match.index, end: match.index + match[0].length });
  }
  return hits;
}
