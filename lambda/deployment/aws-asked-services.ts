import { createAwsSigner } from '../credentials/aws-signer';
import type { JsonObject } from '../protocol';
import type { AskAws } from '../response/executors/aws-evidence';

const TIMEOUT_MS = 10_000;
const EC2_VERSION = '2016-11-15';
/** How each service is asked for an operation, in its JSON protocol. */
const TARGETS = { logs: 'Logs_20140328', cloudtrail: 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101' } as const;

/** Asks services of AWS for evidence, with the role of this process. A bundle with the clients of all of them would be many times as large. */
export function createAskAws(region: string, urlSuffix: string, send: typeof fetch = fetch): AskAws {
  const signer = createAwsSigner();

  async function ask(service: string, body: string, named: Readonly<Record<string, string>>): Promise<string> {
    const url = new URL(`https://${service}.${region}.${urlSuffix}/`);
    const headers = await signer(service, region).headersFor({ method: 'POST', url, body: () => body }, undefined);
    const response = await send(url, { method: 'POST', headers: { ...headers, ...named }, body, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const answer = await response.text();
    if (response.ok) return answer;
    // The service's own name for what went wrong, in XML or JSON; never its text, which may repeat what was asked.
    const name = /<Code>([A-Za-z.]+)<\/Code>|"__type":"(?:[^"#]*#)?([A-Za-z]+)"/.exec(answer);
    throw Object.assign(new Error(`${service} answered ${response.status}`), { name: name?.[1] ?? name?.[2] ?? `Status${response.status}` });
  }

  return {
    async json(service, operation, body) {
      return JSON.parse(await ask(service, JSON.stringify(body), { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${TARGETS[service]}.${operation}` })) as JsonObject;
    },
    ec2: (operation, parameters) => ask('ec2', new URLSearchParams({ Action: operation, Version: EC2_VERSION, ...parameters }).toString(), { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }),
  };
}
