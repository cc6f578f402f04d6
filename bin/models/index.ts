/** The reference stacks: one for each deployment model, chosen by `-c model=`. */
import type { App } from 'aws-cdk-lib';
import { GatewayModel } from './gateway';

const MODELS: Readonly<Record<string, (app: App) => void>> = {
  gateway: (app) => void new GatewayModel(app, 'McpGatewayModel', settingsOf(app)),
};

/** Models whose constructs are still to come. */
const PLANNED = ['zone', 'cluster'];

/**
 * Adds the stack of the model that the app's context names, `gateway` when it names none.
 *
 * @throws Error in one sentence when there is no such model.
 */
export function addModel(app: App): void {
  const name: unknown = app.node.tryGetContext('model') ?? 'gateway';
  const add = typeof name === 'string' && Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
  if (add) return add(app);
  const known = Object.keys(MODELS).map((model) => `-c model=${model}`).join(' or ');
  if (PLANNED.includes(String(name))) throw new Error(`the model ${JSON.stringify(name)} is not available yet, expected ${known}`);
  throw new Error(`there is no model ${JSON.stringify(name)}, expected ${known}`);
}

function settingsOf(app: App) {
  const context = (key: string, absent: string): string => app.node.tryGetContext(key) ?? absent;
  const issuer = context('issuer', 'https://login.example.com');
  return {
    issuer,
    jwksUri: context('jwksUri', `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`),
    upstreamDomain: context('upstreamDomain', 'mcp.example.com'),
  };
}
