/** One project; `test/` mirrors the folders of the source. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.[cm]?[jt]s$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } }],
  },
  // ES modules of npm, and one that loads such, that Jest has to read as CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(jose|@marcbachmann|@modelcontextprotocol|@opentelemetry/otlp-exporter-base|pkce-challenge)/)'],
  globalSetup: '<rootDir>/test/temporary-folder.js',
  setupFiles: ['<rootDir>/test/setup.js'],
  testTimeout: 20_000,
};
