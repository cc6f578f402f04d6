import { Lazy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

/**
 * Hands requests of an API to a function, which the API's stage may invoke and nothing else: not the test page of the console, which goes past the web ACL
 * and the authorizer. The CDK's own integration writes a permission for each method, of which a gateway with grants has 18.
 */
export function functionIntegration(api: apigateway.IRestApi, handler: lambda.Function, options: apigateway.IntegrationOptions = {}): apigateway.Integration {
  handler.addPermission('Api', {
    principal: new iam.ServicePrincipal('apigateway.amazonaws.com'),
    sourceArn: Lazy.string({ produce: () => api.arnForExecuteApi('*', '/*', api.deploymentStage?.stageName) }),
  });
  const [date, operation] = options.responseTransferMode === apigateway.ResponseTransferMode.STREAM ? ['2021-11-15', 'response-streaming-invocations'] : ['2015-03-31', 'invocations'];
  return new apigateway.AwsIntegration({ proxy: true, service: 'lambda', path: `${date}/functions/${handler.functionArn}/${operation}`, options });
}
