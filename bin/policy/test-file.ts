import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ServerTools } from '../../lambda/authorization';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { describeProblem, StartError } from '../../lambda/local';
import { parseConfigDocument, type ConfigDocument } from '../../lambda/local/config/document';
import { compileDocumentSchema, schemaProblems } from '../../lambda/local/config/validate';
import type { JsonObject, ToolDefinition } from '../../lambda/protocol';
import testSchema from '../../schema/policy-tests.schema.json';
import { readRequest, type ReadRequest, type RequestDescription } from './request';
import { policiesOf, readPolicySources, readServers } from './sources';

interface TestDescription extends RequestDescription {
  readonly name?: string;
  readonly expect: 'allow' | 'deny';
  readonly reason?: string;
  readonly policies?: readonly string[];
}

interface TestFile {
  readonly policies?: string;
  readonly config?: string;
  readonly tools?: string | Readonly<Record<string, readonly Partial<ToolDefinition>[]>>;
  readonly tests: readonly TestDescription[];
}

/** One test of policies, and how it went. */
export interface TestResult {
  readonly name: string;
  /** Where it is written, from 1. */
  readonly line: number;
  /** What is not as expected, one sentence each. */
  readonly failures: readonly string[];
  readonly milliseconds: number;
}

export interface TestRun {
  readonly file: string;
  readonly results: readonly TestResult[];
}

const validateTests = compileDocumentSchema(testSchema);

/**
 * Runs the tests in a file.
 *
 * @param now Milliseconds since the epoch, for tests that say no time.
 * @throws StartError when the file, the policies or the tools cannot be used.
 */
export async function runTestFile(file: string, now: number): Promise<TestRun> {
  const document = readDocument(file);
  const content = document.value as TestFile;
  const beside = (path: string) => resolve(dirname(file), path);
  const config = content.config === undefined ? undefined : beside(content.config);
  const path = content.policies === undefined ? policiesOf(config) : beside(content.policies);
  if (path === undefined) throw new StartError(`${file}: expected "policies", the folder of the policies to test`);
  const { loaded } = readPolicySources(path);
  if (!loaded.ok) throw new StartError(loaded.errors.map(({ file: name, line, column, message }) => `${name}:${line}:${column}: ${message}`).join('\n'));
  const servers = await serversOf(content, config, beside);
  const point = createCedarDecisionPoint({ policies: loaded.policies });
  const results = content.tests.map((test, index): TestResult => {
    const at = document.problemAt(['tests', index], '');
    const started = performance.now();
    const read = readAt(`${file}:${at.line}:${at.column}`, () => readRequest(test, servers, now));
    const failures = judge(test, read.ok ? point.decide(read.request) : { effect: 'deny', reason: 'invalid_arguments', policyIds: [] }, read);
    return { name: test.name ?? read.title, line: at.line ?? 1, failures, milliseconds: performance.now() - started };
  });
  return { file, results };
}

interface Outcome {
  readonly effect: 'allow' | 'deny';
  readonly reason?: string;
  readonly policyIds: readonly string[];
}

function judge({ expect, reason, policies }: TestDescription, outcome: Outcome, read: ReadRequest): string[] {
  const by = outcome.policyIds.length === 0 ? '' : ` by ${outcome.policyIds.join(', ')}`;
  const why = read.ok ? '' : `: ${read.problems.join('; ')}`;
  if (expect !== outcome.effect) return [`expected ${expect}, got ${outcome.effect}${outcome.reason === undefined ? by : ` (${outcome.reason}${by})`}${why}`];
  const failures: string[] = [];
  if (reason !== undefined && reason !== outcome.reason) failures.push(`expected the reason ${reason}, got ${outcome.reason ?? 'none'}${by}${why}`);
  if (policies !== undefined && [...policies].sort().join('\n') !== [...outcome.policyIds].sort().join('\n')) {
    failures.push(`expected the policies ${policies.join(', ') || 'none'}, got ${outcome.policyIds.join(', ') || 'none'}`);
  }
  return failures;
}

function readDocument(file: string): ConfigDocument {
  const document = parseConfigDocument(file, readText(file));
  const problems = schemaProblems(document, validateTests);
  if (problems.length > 0) throw new StartError(problems.map((problem) => describeProblem(file, problem)).join('\n'));
  return document;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${file}: expected a file of tests, it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

async function serversOf({ tools }: TestFile, config: string | undefined, beside: (path: string) => string): Promise<readonly ServerTools[]> {
  if (typeof tools === 'object') return Object.entries(tools).map(([name, definitions]) => ({ name, tools: definitions.map(definitionOf) }));
  return readServers({ config, tools: tools === undefined ? undefined : beside(tools) });
}

const NO_ARGUMENTS: JsonObject = { type: 'object' };

function definitionOf(tool: Partial<ToolDefinition>): ToolDefinition {
  return { inputSchema: NO_ARGUMENTS, ...tool } as ToolDefinition;
}

function readAt(place: string, read: () => ReadRequest): ReadRequest {
  try {
    return read();
  } catch (error) {
    throw error instanceof StartError ? new StartError(`${place}: ${error.message}`) : error;
  }
}
