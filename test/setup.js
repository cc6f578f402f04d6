// The CDK's built-in template validation costs seconds in every test file; test/templates turns it on for itself.
process.env.CDK_VALIDATION ??= 'false';
