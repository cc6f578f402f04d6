import type { ApiAnswer, ControlPlane } from './server';

interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

interface Asking {
  readonly dryRun?: boolean;
  /** In whose name. @default - whoever may do everything */
  readonly group?: string;
}

/** Objects of an API server by what their manifests say, with unknown and doubled fields refused. */
export interface ApiClient {
  create(object: Typed, options?: Asking): Promise<ApiAnswer>;
  patch(object: Typed, change: unknown, options?: Asking & { readonly subresource?: string }): Promise<ApiAnswer>;
  read(object: Typed, options?: Asking): Promise<ApiAnswer>;
  remove(object: Typed, options?: Asking): Promise<ApiAnswer>;
}

export function createApiClient({ call }: ControlPlane): ApiClient {
  const known = new Map<string, readonly Resource[]>();
  const root = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

  async function resourceOf({ apiVersion, kind }: Typed): Promise<Resource | undefined> {
    if (!known.get(apiVersion)?.some((resource) => resource.kind === kind)) {
      const { body } = await call('GET', root(apiVersion));
      known.set(apiVersion, ((body as { readonly resources?: readonly Resource[] } | undefined)?.resources ?? []).filter(({ name }) => !name.includes('/')));
    }
    return known.get(apiVersion)!.find((resource) => resource.kind === kind);
  }

  async function collection(object: Typed): Promise<string | undefined> {
    const resource = await resourceOf(object);
    return resource && `${root(object.apiVersion)}${resource.namespaced ? `/namespaces/${object.metadata?.namespace ?? 'default'}` : ''}/${resource.name}`;
  }

  const query = (dryRun: boolean | undefined) => `?fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
  const unknown = ({ apiVersion, kind }: Typed): ApiAnswer => ({ status: 404, message: `the API server does not know ${kind} of ${apiVersion}`, body: undefined });

  async function ask(method: 'POST' | 'PATCH' | 'GET' | 'DELETE', object: Typed, suffix: string, body: unknown, { dryRun, group }: Asking): Promise<ApiAnswer> {
    const path = await collection(object);
    return path === undefined ? unknown(object) : call(method, `${path}${suffix}${query(dryRun)}`, body, group);
  }
  const nameOf = ({ metadata }: Typed) => `/${metadata?.name}`;

  return {
    create: (object, options = {}) => ask('POST', object, '', object, options),
    patch: (object, change, { subresource, ...options } = {}) => ask('PATCH', object, `${nameOf(object)}${subresource === undefined ? '' : `/${subresource}`}`, change, options),
    read: (object, options = {}) => ask('GET', object, nameOf(object), undefined, options),
    remove: (object, options = {}) => ask('DELETE', object, nameOf(object), undefined, options),
  };
}
