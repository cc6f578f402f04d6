import { readJson, required } from '../deployment/environment';
import { createEksApi, type ClusterEndpoint } from '../response/executors/aws-eks-api';
import { createKubernetesAnswers } from '../response/executors/remote-kubernetes';
import { restrictToDeployments, type ReachableDeployments } from '../response/executors/restricted-kubernetes';

const clusters = readJson(process.env, 'MCP_RESPONSE_CLUSTERS') as Readonly<Record<string, ClusterEndpoint>>;
const deployments = readJson(process.env, 'MCP_RESPONSE_DEPLOYMENTS') as ReachableDeployments;

/** The role that AWS Lambda gives to the process; its keys last for as long as the process does. */
const identity = {
  region: async () => required(process.env, 'AWS_REGION'),
  credentials: async () => ({ accessKeyId: required(process.env, 'AWS_ACCESS_KEY_ID'), secretAccessKey: required(process.env, 'AWS_SECRET_ACCESS_KEY'), sessionToken: process.env.AWS_SESSION_TOKEN }),
};

/** Alone reaches the API of a cluster, and asks of it what a response needs of the Deployments that it was told of. */
export const handler = createKubernetesAnswers(restrictToDeployments(createEksApi({ clusters, identity }), deployments));
