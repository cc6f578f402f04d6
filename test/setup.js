// The CDK's built-in template validation costs seconds in every test file; test/templates turns it on for itself.
process.env.CDK_VALIDATION ??= 'false';

// Assets are read where they lie: a copy of all functions for each app of the tests would fill a disk.
process.env.CDK_CONTEXT_JSON = JSON.stringify({ 'aws:cdk:disable-asset-staging': true });
