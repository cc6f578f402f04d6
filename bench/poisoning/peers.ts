/** The scanners that npm has, installed for this bench alone, each asked about the same definitions. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Definition } from '../../training/corpus';

/** Says of each definition, in order, whether it is suspicious. */
type Ask = (definitions: readonly Definition[], load: Load, folder: string) => Promise<readonly boolean[]>;

/** Imports a file of an installed package. */
type Load = <T>(file: string) => Promise<T>;

interface Severe {
  readonly severity: string;
}

export interface Peer {
  readonly name: string;
  readonly version: string;
  /** What counts as a hit. */
  readonly hit: string;
  readonly ask: Ask;
}

const text = ({ tool }: Definition): string => (typeof tool.description === 'string' ? tool.description : '');

/** Everything a reader of the definition sees, as one text. */
const allText = ({ fields }: Definition): string => fields.map((field) => field.text).join('\n');

/** Definitions as the tools of one server, with names of our own by which findings can be told apart. */
const numbered = (index: number) => `tool_${String(index).padStart(5, '0')}`;

async function each(definitions: readonly Definition[], is: (definition: Definition) => boolean | Promise<boolean>): Promise<readonly boolean[]> {
  const answers: boolean[] = [];
  for (const definition of definitions) answers.push(await is(definition));
  return answers;
}

interface Ferret {
  getAllRules(): readonly { readonly enabled: boolean }[];
  matchRules(rules: readonly object[], file: object, content: string, options: object): readonly Severe[];
}

interface AgentSecurityScanner {
  scanMcpServer(options: object): Promise<{ readonly content: readonly { readonly text: string }[] }>;
}

interface AgentGovernance {
  readonly McpSecurityScanner: new () => { scan(tool: object): { readonly safe: boolean } };
}

interface Vard {
  readonly vard: { strict(): { safeParse(text: string): { readonly safe: boolean } } };
}

export const PEERS: readonly Peer[] = [
  {
    name: 'ferret-scan',
    version: '2.10.0',
    hit: 'a finding HIGH or CRITICAL in the text of the definition',
    ask: async (definitions, load) => {
      const { getAllRules, matchRules } = await load<Ferret>('ferret-scan/dist/index.js');
      const rules = getAllRules().filter(({ enabled }) => enabled);
      const file = { path: '/skills/tool/SKILL.md', relativePath: 'skills/tool/SKILL.md', type: 'md', component: 'skill', size: 0, modified: new Date(0) };
      return each(definitions, (definition) =>
        matchRules(rules, file, allText(definition), { contextLines: 0 }).some(({ severity }) => severity === 'HIGH' || severity === 'CRITICAL'),
      );
    },
  },
  {
    name: 'agent-security-scanner-mcp',
    version: '4.5.9',
    hit: 'an ERROR about the manifest of a server with this tool',
    ask: async (definitions, load, folder) => {
      const { scanMcpServer } = await load<AgentSecurityScanner>('agent-security-scanner-mcp/src/tools/scan-mcp.js');
      writeFileSync(join(folder, 'index.js'), 'module.exports = {};\n');
      return each(definitions, async ({ tool }) => {
        writeFileSync(join(folder, 'server.json'), JSON.stringify({ name: 'server', tools: [tool] }));
        const answer = await scanMcpServer({ server_path: folder, manifest: true, verbosity: 'full' });
        const { findings } = JSON.parse(answer.content[0]!.text) as { findings: readonly Severe[] };
        return findings.some(({ severity }) => severity === 'ERROR');
      });
    },
  },
  {
    name: 'ecc-agentshield',
    version: '1.6.0',
    hit: 'a finding about this tool in the configuration of its server',
    ask: async (definitions, _load, folder) => {
      const tools = definitions.map((definition, i) => ({ ...definition.tool, name: numbered(i) }));
      writeFileSync(join(folder, '.mcp.json'), JSON.stringify({ mcpServers: { server: { command: 'node', args: ['server.js'], tools } } }));
      const program = join(PLACE, 'node_modules', 'ecc-agentshield', 'dist', 'index.js');
      let output: string;
      try {
        output = execFileSync(process.execPath, [program, 'scan', '--path', folder, '--format', 'json'], { encoding: 'utf8', maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'ignore'] });
      } catch (error) {
        // It exits with 1 or 2 where it finds something, and prints the same.
        output = (error as { stdout: string }).stdout;
      }
      const found = new Set<string>();
      const { findings } = JSON.parse(output) as { findings: readonly { readonly id: string; readonly title: string }[] };
      for (const finding of findings) for (const [name] of `${finding.id} ${finding.title}`.matchAll(/tool_\d{5}/g)) found.add(name);
      return definitions.map((_, i) => found.has(numbered(i)));
    },
  },
  {
    name: '@microsoft/agent-governance-sdk',
    version: '4.0.0',
    hit: 'not safe',
    ask: async (definitions, load) => {
      const { McpSecurityScanner } = await load<AgentGovernance>('@microsoft/agent-governance-sdk/dist/index.js');
      const scanner = new McpSecurityScanner();
      return each(definitions, (definition) => {
        const { name, inputSchema } = definition.tool;
        return !scanner.scan({ name: String(name), description: text(definition), parameters: inputSchema ?? {} }).safe;
      });
    },
  },
  {
    name: '@andersmyrmel/vard',
    version: '1.2.0',
    hit: 'the strict preset blocks the text of the definition',
    ask: async (definitions, load) => {
      const { vard } = await load<Vard>('@andersmyrmel/vard/dist/index.js');
      const strict = vard.strict();
      return each(definitions, (definition) => !strict.safeParse(allText(definition)).safe);
    },
  },
];

const PLACE = join(__dirname, '..', '..', '.bench', 'poisoning-peers');

/** What came of a peer: its answers and the time it took, or why there are none. */
export type PeerOutcome =
  | { readonly peer: Peer; readonly flagged: readonly boolean[]; readonly milliseconds: number }
  | { readonly peer: Peer; readonly failure: string };

/** Installs a peer beside this project, runs it over the definitions, and reports its failure as readily as its answers. */
export async function askPeer(peer: Peer, definitions: readonly Definition[]): Promise<PeerOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'poisoning-'));
  try {
    install(peer);
    const started = performance.now();
    const flagged = await quietly(() => peer.ask(definitions, (file) => import(pathToFileURL(join(PLACE, 'node_modules', file)).href), folder));
    return { peer, flagged, milliseconds: performance.now() - started };
  } catch (error) {
    return { peer, failure: (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 200) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function install({ name, version }: Peer): void {
  const manifest = join(PLACE, 'node_modules', name, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version) return;
  mkdirSync(PLACE, { recursive: true });
  if (!existsSync(join(PLACE, 'package.json'))) writeFileSync(join(PLACE, 'package.json'), '{"private":true}\n');
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--save-exact', `${name}@${version}`], { cwd: PLACE, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Peers write logs to the console; a bench's output is its own. */
async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { log, error, warn, info } = console;
  Object.assign(console, { log() {}, error() {}, warn() {}, info() {} });
  try {
    return await run();
  } finally {
    Object.assign(console, { log, error, warn, info });
  }
}
