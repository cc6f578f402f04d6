import type { PhraseRule } from './rule';

/** Orders to run something, to fetch and run, to stay. */
export const COMMANDS: readonly PhraseRule[] = [
  {
    id: 'TP-701',
    severity: 'high',
    sentence: 'It orders a command to be run that is not the tool.',
    safId: 'SAF-T1101',
    owaspId: 'MCP05',
    patterns: [
      'and|then|also|must|first|before|always .. execute|run + @danger',
      'execute|run + @danger',
      'rm + rf',
      'download|fetch + and + execute|run .. @foreign|script|payload',
      'download|fetch .. and + execute|run',
      'curl|wget .. @foreign .. sh|bash',
      'add|write|append|install|create|insert|plant|open|deploy|establish|place|put|set .. authorized_keys|.bashrc|.zshrc|backdoor|git hook|git hooks|pre-commit hook|reverse shell|keylogger|rootkit|malware|ransomware !@detects',
      'mine|mines|mining + cryptocurrency|bitcoin|crypto|monero',
      'commands .. must|should + include .. prefix',
      'include .. prefix .. without|commands',
      'open .. reverse + shell',
      'inject|insert|plant .. backdoor|malicious + code|instructions|payload|step|content',
      'inject .. instructions|hidden|commands|directives',
      'append|include|insert|add .. hidden|additional|malicious|injected .. instructions|commands|directives|instruction',
      'register|install|add|connect .. mcp + server .. from|at + @foreign',
      'switch|change .. to .. exfiltration|malicious',
      'flood .. context',
      'update|change .. dns .. attacker',
      'via|in + terminal .. @quiet',
    ],
  },
];
