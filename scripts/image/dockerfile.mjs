import { readFileSync } from 'node:fs';

/** Node.js in the base image, which is its entry point. */
export const NODE_PATH = 'nodejs/bin/node';

/**
 * What `Dockerfile` says of how the image is run.
 *
 * @returns {{ user: string, folder: string, command: string[], environment: string[], port: string, stopSignal: string }}
 */
export function readDockerfile(path) {
  const lines = readFileSync(path, 'utf8').split('\n');
  const value = (instruction) => {
    const line = lines.find((text) => text.startsWith(`${instruction} `));
    if (line === undefined) throw new Error(`${path} has no ${instruction}`);
    return line.slice(instruction.length + 1).trim();
  };
  const command = [`/${NODE_PATH}`, ...JSON.parse(value('CMD'))];
  return { user: value('USER'), folder: value('WORKDIR'), command, environment: [value('ENV')], port: value('EXPOSE'), stopSignal: value('STOPSIGNAL') };
}
