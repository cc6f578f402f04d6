import { assertDigest } from './checks';

/** A waypoint: a proxy of Istio ambient that knows HTTP. */
export interface WaypointReference {
  readonly name: string;
  /** Not one of the namespaces that are written here: what waypoints run is not restricted by them. */
  readonly namespace: string;
}

export interface AmbientMeshOptions {
  /**
   * A waypoint that is there already. With it, methods and paths are part of who may do what; without it, identities and ports.
   *
   * @default - ztunnel alone
   */
  readonly waypoint?: WaypointReference;

  /**
   * Trust domain of workload identities.
   *
   * @default 'cluster.local'
   */
  readonly trustDomain?: string;
}

export interface SidecarMeshOptions {
  /** Image of the proxy by digest: what the injector adds must be admitted too. */
  readonly proxyImage: string;

  /**
   * Trust domain of workload identities.
   *
   * @default 'cluster.local'
   */
  readonly trustDomain?: string;
}

export interface NoMeshOptions {
  /**
   * Certificates, PEM, of the authority that issued the certificates of the servers. The gateway connects to `https://<server>.<namespace>.svc.<domain>`
   * and trusts nobody else besides the authorities of the internet.
   */
  readonly serverAuthority: string;
}

/**
 * What encrypts and authenticates connections between gateway and servers.
 *
 * Control: NET-2, NET-4, MUL-9.
 */
export class ServiceMesh {
  /** Istio without sidecars: ztunnel on each node, strict mutual TLS, authorization by workload identity. */
  static istioAmbient(options: AmbientMeshOptions = {}): ServiceMesh {
    return new ServiceMesh('ambient', options.trustDomain, options.waypoint);
  }

  /** Istio with sidecars. Needs Istio's CNI plugin: its init container would need capabilities that no pod here may have. */
  static istioSidecar(options: SidecarMeshOptions): ServiceMesh {
    assertDigest('the sidecar', options.proxyImage);
    return new ServiceMesh('sidecar', options.trustDomain, undefined, options.proxyImage);
  }

  /** No mesh: servers speak TLS themselves, and the gateway checks their certificates. They do not check who is calling; the network does. */
  static none(options: NoMeshOptions): ServiceMesh {
    if (!/^-----BEGIN CERTIFICATE-----\n[\s\S]+-----END CERTIFICATE-----\s*$/.test(options.serverAuthority)) throw new Error('the authority of servers is not a certificate, expected PEM that begins with "-----BEGIN CERTIFICATE-----"');
    return new ServiceMesh('none', undefined, undefined, undefined, options.serverAuthority);
  }

  private constructor(
    /** @internal */ readonly _kind: 'ambient' | 'sidecar' | 'none',
    /** @internal */ readonly _trustDomain: string = 'cluster.local',
    /** @internal */ readonly _waypoint?: WaypointReference,
    /** @internal */ readonly _proxyImage?: string,
    /** @internal */ readonly _serverAuthority?: string,
  ) {}
}
