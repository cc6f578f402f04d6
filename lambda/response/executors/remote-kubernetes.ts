import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';
import { ResponseRefused } from '../record';
import { KubernetesConflict, type KubernetesApi } from './kubernetes';

/** What one function asks of another, which alone reaches the API of a cluster. */
export type KubernetesRequest =
  | { readonly operation: 'get' | 'delete'; readonly cluster: string; readonly path: string }
  | { readonly operation: 'apply' | 'patch'; readonly cluster: string; readonly path: string; readonly body: JsonObject };

/** `found` is null where there is no such thing. */
export type KubernetesAnswer = { readonly found: JsonObject | null } | { readonly refused: string } | { readonly conflict: true };

/** The API of clusters by way of the function that reaches them. */
export function createRemoteKubernetesApi(ask: (request: KubernetesRequest) => Promise<JsonValue>): KubernetesApi {
  async function asked(request: KubernetesRequest): Promise<JsonObject | undefined> {
    const answer = await ask(request);
    if (!isJsonObject(answer)) throw new Error('the function that reaches the cluster answered no object');
    if (typeof answer.refused === 'string') throw new ResponseRefused(answer.refused);
    if (answer.conflict === true) throw new KubernetesConflict();
    if (answer.found !== null && !isJsonObject(answer.found)) throw new Error('the function that reaches the cluster failed');
    return answer.found ?? undefined;
  }

  return {
    get: (cluster, path) => asked({ operation: 'get', cluster, path }),
    apply: async (cluster, path, body) => void (await asked({ operation: 'apply', cluster, path, body })),
    patch: async (cluster, path, body) => void (await asked({ operation: 'patch', cluster, path, body })),
    delete: async (cluster, path) => void (await asked({ operation: 'delete', cluster, path })),
  };
}

/** The other side: carries requests out. What is refused and what conflicts is an answer; all else fails the function. */
export function createKubernetesAnswers(api: KubernetesApi): (request: KubernetesRequest) => Promise<KubernetesAnswer> {
  async function carryOut(request: KubernetesRequest): Promise<JsonObject | undefined> {
    const { operation, cluster, path } = request;
    if (typeof cluster !== 'string' || typeof path !== 'string') throw new ResponseRefused('a request names a cluster and a path');
    switch (operation) {
      case 'get':
        return api.get(cluster, path);
      case 'delete':
        return void (await api.delete(cluster, path));
      case 'apply':
      case 'patch':
        if (!isJsonObject(request.body)) throw new ResponseRefused(`a request to ${operation} has a body`);
        return void (await api[operation](cluster, path, request.body));
      default:
        throw new ResponseRefused('a request is to get, apply, patch or delete');
    }
  }

  return async (request) => {
    try {
      return { found: (await carryOut(request)) ?? null };
    } catch (error) {
      if (error instanceof ResponseRefused) return { refused: error.message };
      if (error instanceof KubernetesConflict) return { conflict: true };
      throw error;
    }
  };
}
