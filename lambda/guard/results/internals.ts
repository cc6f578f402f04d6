/** Something in an error that tells how the server is built. */
export interface Internal {
  readonly id: 'stack-trace' | 'path' | 'version' | 'internal-address' | 'sql';
  readonly start: number;
  readonly end: number;
}

const RULES: readonly (readonly [Internal['id'], RegExp])[] = [
  ['stack-trace', /(?:^|\n)[ \t]{1,12}at (?:[\w$.<>[\] /]{1,200} \()?(?:[^\s()]{1,400}:\d{1,7}(?::\d{1,7})?|<anonymous>|native|[\w.$]{1,200}\([\w.]{1,100}(?::\d{1,7})?\))\)?/g],
  ['stack-trace', /Traceback \(most recent call last\):(?:\n[ \t][^\n]{0,400}){0,100}/g],
  ['stack-trace', /(?:^|\n)[ \t]{0,8}File "[^"\n]{1,400}", line \d{1,7}(?:, in [^\n]{1,200})?/g],
  ['stack-trace', /(?:^|\n)goroutine \d{1,9} \[[^\]\n]{1,80}\]:(?:\n[^\n]{1,400}){0,60}/g],
  ['stack-trace', /(?:^|\n)[ \t]{0,8}#\d{1,3} {1,3}\/[^\n]{1,400}/g],
  ['stack-trace', /thread '[^'\n]{1,80}' panicked at [^\n]{1,400}/g],
  ['path', /(?<![\w/.:-])(?:file:\/\/)?\/(?:home|root|usr|var|etc|opt|srv|app|apps|Users|workspace|mnt|tmp|proc|private|code|build|node_modules|lib|bin)\/[\w.@+~/-]{1,300}(?::\d{1,7}){0,2}/g],
  ['path', /\b[A-Za-z]:\\(?:[\w.$ -]{1,80}\\){1,12}[\w.$-]{1,80}/g],
  ['version', /\b(?:node(?:\.js)?|python|postgres(?:ql)?|mysql|mariadb|nginx|apache|express|django|flask|spring|tomcat|openssl|php|ruby|java|jdk|linux|ubuntu|debian|redis|mongodb|oracle|iis|golang|go|werkzeug|gunicorn|uvicorn)[/ -]v?\d{1,3}\.\d{1,3}(?:\.\d{1,5})?[\w.+-]{0,24}/gi],
  ['internal-address', /\b(?:10|127)(?:\.\d{1,3}){3}(?::\d{1,5})?\b|\b192\.168(?:\.\d{1,3}){2}(?::\d{1,5})?\b|\b172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}(?::\d{1,5})?\b|\b169\.254(?:\.\d{1,3}){2}(?::\d{1,5})?\b/g],
  ['internal-address', /\b(?:[a-z0-9-]{1,63}\.){1,6}(?:internal|local|corp|lan|intranet|svc|cluster\.local|consul)(?::\d{1,5})?\b/gi],
  ['internal-address', /\blocalhost:\d{1,5}\b/gi],
  ['sql', /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^\n]{5,400}\b(?:FROM|VALUES|SET|WHERE)\b[^\n]{0,400}/g],
];

/** What of an error a client has no use for and an attacker has (DLP-4). */
export function findInternals(text: string): readonly Internal[] {
  return RULES.flatMap(([id, pattern]) => Array.from(text.matchAll(pattern), ({ index, 0: found }) => ({ id, start: index, end: index + found.length })));
}
