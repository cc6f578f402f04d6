/**
 * What an address, a path or an identifier is, from its spelling alone: concepts that patterns ask for beside those of the
 * vocabulary. `foreign`: an address outside; `collector`: one of a service that records whatever is sent to it.
 */
export type LiteralConcept = 'foreign' | 'email' | 'collector' | 'path' | 'secretPath' | 'identifier' | 'internalResource';

const NONE: readonly LiteralConcept[] = [];

/** Concepts of a word that has a dot, slash, at sign or underscore in it. The word is normalised. */
export function literalConcepts(word: string): readonly LiteralConcept[] {
  if (!/[._/@~:]/.test(word)) return NONE;
  if (isSecretPath(word)) return ['secretPath', 'path'];
  const host = hostOf(word);
  if (host !== undefined) return isCollector(host) ? ['foreign', 'collector'] : ['foreign'];
  if (word.includes('@')) return /^[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}$/.test(word) ? ['foreign', 'email'] : NONE;
  if (word.includes('://')) return ['internalResource', 'path'];
  if (word.startsWith('/') || word.startsWith('~') || word.startsWith('.')) return ['path'];
  if (FILE.test(word)) return ['path'];
  return /^[a-z]\w*_\w+$/.test(word) ? ['identifier'] : NONE;
}

const FILE = /^[\w-]{1,64}\.(?:json|ya?ml|toml|txt|env|pem|key|conf|cfg|ini|log|sqlite|db|csv|md|sh|py|js|ts)$/;

/** Endings of public host names that texts of tools use; a file's ending that is also one (`.sh`, `.py`) is not here. */
const DOMAIN = /^(?:[a-z0-9-]{1,63}\.){1,6}(?:com|net|org|io|dev|ai|app|site|xyz|club|example|test|invalid|me|co|ru|cn|info|biz|de|uk|fr|eu|us|in|to|cc|tv|gg|link|live|cloud|online|top|shop|store|tech|space|icu|fun|pro|run|page|pw|su|tk|ml|onion|network|systems|services|zone|world|email|work|team|life|today|agency|digital|host|website)$/;

/** The host of an address that leads outside, or undefined. */
function hostOf(word: string): string | undefined {
  const scheme = /^(?:https?|wss?|ftp):\/\//.exec(word);
  const rest = scheme ? word.slice(scheme[0].length) : word;
  const host = rest.split(/[/:?#]/, 1)[0]!;
  if (scheme) return isLocal(host) ? undefined : host;
  return DOMAIN.test(host) && !isLocal(host) && (host.includes('.') ? rest !== host || host.split('.').every((label) => label.length > 1) : false) ? host : undefined;
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '0.0.0.0' || host.endsWith('.local') || host.endsWith('.internal');
}

const COLLECTORS: readonly string[] = [
  'webhook.site', 'requestbin.com', 'requestbin.net', 'requestcatcher.com', 'pipedream.net', 'ngrok.io', 'ngrok.app', 'ngrok-free.app', 'ngrok.dev', 'beeceptor.com', 'hookbin.com', 'interact.sh', 'oast.fun', 'oast.pro', 'oast.live', 'oast.site', 'oast.online', 'oast.me',
  'oastify.com', 'burpcollaborator.net', 'canarytokens.com', 'canarytokens.org', 'dnslog.cn', 'ceye.io', 'serveo.net', 'localhost.run', 'trycloudflare.com', 'loca.lt', 'pastebin.com', 'transfer.sh', 'file.io', 'hastebin.com', '0x0.st', 'termbin.com', 'postb.in', 'ptsv2.com', 'ptsv3.com', 'mockbin.org', 'typedwebhook.tools', 'webhook-test.com', 'anonfiles.com', 'smee.io', 'discord.com/api/webhooks',
];

function isCollector(host: string): boolean {
  return COLLECTORS.some((collector) => host === collector || host.endsWith(`.${collector}`)) || /(?:^|[.-])(?:evil|attacker|attackers|malicious|exfil|c2|hacker|badguy|pwned|pwn|steal)(?:[.-]|$)/.test(host);
}

const SECRET_PARTS: readonly string[] = [
  '.ssh', 'id_rsa', 'id_ed25519', 'id_dsa', 'id_ecdsa', '/etc/passwd', '/etc/shadow', '/etc/sudoers', '.aws', '.netrc', '.npmrc', '.pypirc', '.git-credentials', '.gnupg', '.kube', '.docker/config', 'credentials.json', 'credentials.db', '.bash_history', '.zsh_history', 'authorized_keys', 'known_hosts', 'mcp.json', 'claude_desktop_config', '.cursor/', '.config/gcloud',
  '.azure/credentials', '.azure/accesstokens', 'keychain', 'login.keychain', 'wallet.dat', 'cookies.sqlite', 'login data', '.pgpass', '.my.cnf', 'secrets.json', 'secrets.yaml', 'secrets.yml', 'service-account', 'private.key', 'private_key.pem', 'server.key', '/proc/self/environ', '.vault-token', 'shadow.bak', '.htpasswd', 'ntds.dit', '.claude', '.mcp.json', '.terraform', '.env', 'htpasswd', '.password-store', 'master.key', '.gitconfig', '169.254.169.254', 'metadata.google.internal', 'system://', 'internal://', 'company://confidential',
];

function isSecretPath(word: string): boolean {
  return SECRET_PARTS.some((part) => word.includes(part)) && !/^[\w-]+\.(?:env|azure|keychain)\.\w/.test(word) && !/\.(?:environment|envelope)/.test(word);
}
