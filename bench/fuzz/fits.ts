import { at } from './loose';
import type { Allowed } from './subject';

/** Whether the decision is on what the message asks for. */
export function fits({ operation, argumentsJson }: Allowed, message: unknown): boolean {
  const [name, uri] = [at(message, 'params', 'name'), at(message, 'params', 'uri')];
  const sameArguments = () => argumentsJson === JSON.stringify(at(message, 'params', 'arguments') ?? {});
  switch (at(message, 'method')) {
    case 'tools/call':
      return operation.kind === 'callTool' && operation.tool.name === name && sameArguments();
    case 'prompts/get':
      return operation.kind === 'getPrompt' && operation.prompt === name && sameArguments();
    case 'resources/read':
      return operation.kind === 'readResource' && operation.uri === uri;
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return operation.kind === 'subscribeResource' && operation.uri === uri;
    case 'completion/complete':
      return operation.kind === 'complete' && operation.reference === (at(message, 'params', 'ref', 'name') ?? at(message, 'params', 'ref', 'uri'));
    case 'tools/list':
      return operation.kind === 'listTools';
    case 'prompts/list':
      return operation.kind === 'listPrompts';
    case 'resources/list':
    case 'resources/templates/list':
      return operation.kind === 'listResources';
    default:
      return operation.kind === 'connect';
  }
}
