import { pathToFileURL } from 'node:url';
import { RULES, type Severity } from '../../lambda/detection';
import { version } from '../../package.json';
import { nameOf, type Scanned } from './subject';

/** One answer as a line of JSON. */
export function jsonLine({ subject, result }: Scanned): string {
  const { verdict, score, findings } = result;
  return JSON.stringify({ id: subject.id, verdict, score, findings });
}

/** All answers as one JSON document. */
export function jsonReport(scanned: readonly Scanned[]): string {
  const results = scanned.map(({ subject, result: { verdict, score, findings } }) => ({
    id: subject.id,
    ...(subject.server === undefined ? {} : { server: subject.server }),
    kind: subject.kind,
    source: subject.source,
    verdict,
    score,
    findings,
  }));
  return JSON.stringify({ results }, null, 2);
}

const LEVEL: Readonly<Record<Severity, string>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' };

/** All findings as SARIF 2.1.0 (OASIS), for code scanning in continuous integration. */
export function sarifReport(scanned: readonly Scanned[]): string {
  const ruleIndex = new Map(RULES.map(({ id }, index) => [id, index]));
  const results = scanned.flatMap(({ subject, result }) =>
    result.findings.map((finding) => ({
      ruleId: finding.ruleId,
      ruleIndex: ruleIndex.get(finding.ruleId),
      level: result.verdict === 'approve' ? 'note' : LEVEL[finding.severity],
      message: { text: `${nameOf(subject)}: ${finding.sentence}` },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: artifactUri(subject.source) } },
          logicalLocations: [{ fullyQualifiedName: `${nameOf(subject)}${finding.pointer}`, kind: 'member' }],
        },
      ],
      properties: { verdict: result.verdict, score: result.score, pointer: finding.pointer, start: finding.start, end: finding.end },
    })),
  );
  const rules = RULES.map(({ id, severity, sentence, safId, owaspId }) => ({
    id,
    shortDescription: { text: sentence },
    defaultConfiguration: { level: LEVEL[severity] },
    properties: { severity, tags: ['security', safId, owaspId].filter((tag) => tag !== undefined) },
  }));
  const driver = { name: 'mcp-zero-trust', version, rules };
  return JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }] }, null, 2);
}

/** Relative paths stay relative, so that the platform finds the file in its checkout. */
function artifactUri(source: string): string {
  if (source.startsWith('/')) return pathToFileURL(source).href;
  return source.split('/').map(encodeURIComponent).join('/');
}
