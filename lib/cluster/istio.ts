import { Stack } from 'aws-cdk-lib';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { wildcardFinding } from '../private/wildcard-finding';
import type { McpCluster } from './cluster';

/** Where Istio comes from. */
export interface IstioOptions {
  /** Version of the charts and of the images. */
  readonly version: string;

  /**
   * Repositories of this account and region that hold a copy of Istio: charts are `<prefix>/charts/<chart>` (base, istiod, cni, ztunnel), images are
   * `<prefix>/<image>` (pilot, install-cni, ztunnel). Nodes of the zone reach no other registry.
   *
   * @default 'istio'
   */
  readonly repositoryPrefix?: string;
}

/** Properties for Istio in a cluster. */
export interface IstioProps extends IstioOptions {
  /** A cluster with a layer that has kubectl, which has Helm too. */
  readonly mcpCluster: McpCluster;
}

/** Where charts of Istio take their images from. */
interface Images {
  readonly hub: string;
  readonly tag: string;
}

/** The charts of Istio's ambient mode, in the order to install them in, and the only values that differ from their own. */
const CHARTS: readonly { readonly chart: string; readonly release: string; readonly values: (images: Images) => object }[] = [
  { chart: 'base', release: 'istio-base', values: () => ({ defaultRevision: 'default' }) },
  { chart: 'istiod', release: 'istiod', values: (images) => ({ profile: 'ambient', global: images }) },
  { chart: 'cni', release: 'istio-cni', values: (images) => ({ profile: 'ambient', global: images }) },
  { chart: 'ztunnel', release: 'ztunnel', values: (images) => ({ profile: 'ambient', ...images }) },
];

/**
 * Istio in ambient mode: a proxy on each node gives connections between pods mutual TLS by workload identity, and no pod is changed. Installed by Helm from
 * a registry of this account.
 *
 * Control: NET-2, NET-4.
 */
export class Istio extends Construct {
  constructor(scope: Construct, id: string, props: IstioProps) {
    super(scope, id);
    const { mcpCluster, version, repositoryPrefix = 'istio' } = props;
    const { cluster } = mcpCluster;
    if (!cluster.kubectlProvider) throw new Error('istio needs a cluster that manifests are applied to: give it a kubectlLayer');
    if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`the version of Istio is ${JSON.stringify(version)}, expected one such as "1.28.1"`);
    const { account, partition, region, urlSuffix } = Stack.of(this);
    const registry = `${account}.dkr.ecr.${region}.${urlSuffix}/${repositoryPrefix}`;
    const charts = CHARTS.map(({ chart, release, values }) => new eks.HelmChart(this, chart, {
      cluster,
      chart,
      release,
      repository: `oci://${registry}/charts/${chart}`,
      version,
      namespace: 'istio-system',
      createNamespace: chart === 'base',
      atomic: true,
      wait: chart !== 'base',
      values: values({ hub: registry, tag: version }) as { [key: string]: unknown },
    }));
    // Each after the one before it, and istiod when there are nodes to run on.
    charts.slice(1).forEach((chart, index) => chart.node.addDependency(charts[index]!));
    charts[0]!.node.addDependency(mcpCluster._readiness());
    const repositories = `arn:${partition}:ecr:${region}:${account}:repository/${repositoryPrefix}`;
    mcpCluster._letPullEverywhere(`${repositories}/*`);
    mcpCluster._letPullCharts(`${repositories}/charts/*`);
    acknowledge(mcpCluster, { [wildcardFinding(this, `${repositories}/*`)]: 'the repositories of Istio are those of this prefix, and an image for each of its parts' });
  }
}
