import type { SqlRules } from './rules';

const DEFAULT_STATEMENTS = ['select', 'with', 'explain', 'show', 'describe', 'values'];

/** A string, a quoted name or a comment, or one character of anything else. */
const TOKEN = /'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|\$\w{0,20}\$|;|[\s\S]/g;

/** Functions and clauses that read files, wait, run programs, or write. */
const DANGEROUS =
  /\b(?:xp_cmdshell|sp_oacreate|pg_sleep|waitfor\s+delay|benchmark\s*\(|sleep\s*\(|load_file|load_extension|into\s+(?:out|dump)file|pg_read_file|pg_ls_dir|lo_import|lo_export|copy\s+\S+\s+(?:from|to)|utl_http|dbms_\w+|extractvalue|updatexml|information_schema|pg_catalog|sqlite_master|sys\.(?:tables|objects|databases)|randomblob|attach\s+database|pragma)\b/i;

/** Conditions that always hold. */
const TAUTOLOGY = /\b(?:or|and)\b\s*\(?\s*(?:(\d+)\s*=\s*\1\b|''\s*=\s*''|(?:true|1)\s*(?:--|#|;|\)|$))|\bor\b\s*\(?\s*''\s*(?:like|=)\s*''/i;

/** What writes, also behind a `with`. */
const WRITES = /\b(?:insert\s+into|update\s+\S+\s+set|delete\s+from|drop\s+\w+|alter\s+\w+|truncate\s+\w+|create\s+\w+|grant\s+\w+|revoke\s+\w+|merge\s+into|replace\s+into|call\s+\w+|exec(?:ute)?\s+\w+|select\s[\s\S]{0,4000}\sinto\s)/i;

/** What is wrong with an SQL statement, in a few words; `undefined` where nothing is: one statement, of a kind that is allowed, that says all it does. */
export function sqlProblem(value: string, { statements = DEFAULT_STATEMENTS }: SqlRules = {}): string | undefined {
  const parts: string[] = [];
  for (const [token] of value.matchAll(TOKEN)) {
    if (token.startsWith('--') || token.startsWith('/*') || (token.startsWith('#') && token.length > 0)) return 'must not hold comments';
    if (/^\$\w*\$$/.test(token)) return 'must not hold dollar quotes';
    if (token === "'" || token === '"' || token === '`') return 'must close every quotation mark';
    parts.push(token.startsWith("'") ? "''" : token.startsWith('"') || token.startsWith('`') ? token.slice(1, -1) : token);
  }
  const bare = parts.join('').trim().replace(/;\s*$/, '');
  if (bare.includes(';')) return 'must be one statement';
  const first = /^[(\s]*([a-z]+)/i.exec(bare)?.[1]?.toLowerCase() ?? '';
  if (!statements.includes(first)) return `must be a statement that begins with ${statements.slice(0, 8).join(', ')}`;
  if (DANGEROUS.test(bare)) return 'must not use functions or tables of the database itself';
  if (TAUTOLOGY.test(bare)) return 'must not hold a condition that always holds';
  const written = WRITES.exec(bare)?.[0].toLowerCase();
  if (written !== undefined && !statements.some((statement) => written.startsWith(statement) && statement !== 'select')) return 'must not write';
  return undefined;
}
