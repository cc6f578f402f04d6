import tseslint from 'typescript-eslint';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';

/** Dependencies point one way (docs/architecture.md); each line is `who` may not reach `whom`. */
const zones = [
  { target: './network', from: ['./lambda', './lib', './bin', './test', './bench', './range', './cluster'] },
  { target: './lambda', from: ['./lib', './bin', './test', './bench'] },
  { target: './lambda/protocol', from: './lambda', except: ['./protocol'] },
  { target: './lambda/audit', from: './lambda', except: ['./audit', './protocol'] },
  { target: './lambda/behaviour', from: './lambda', except: ['./behaviour', './audit', './protocol'] },
  { target: './lambda/telemetry', from: './lambda', except: ['./telemetry', './behaviour', './audit', './protocol'] },
  { target: './lambda/outbound', from: './lambda', except: ['./outbound', './protocol'] },
  { target: './lambda/identity', from: './lambda', except: ['./identity', './outbound', './stores', './protocol', './audit'] },
  { target: './lambda/credentials', from: './lambda', except: ['./credentials', './identity', './outbound', './protocol', './audit'] },
  { target: './lambda/limits', from: './lambda', except: ['./limits', './protocol'] },
  { target: './lambda/guard', from: './lambda', except: ['./guard', './detection', './protocol', './audit'] },
  { target: './lambda/stores', from: './lambda', except: ['./stores', './protocol'] },
  { target: './lambda/integrity', from: './lambda', except: ['./integrity', './stores', './protocol', './audit'] },
  { target: './lambda/detection', from: './lambda', except: ['./detection', './protocol'] },
  { target: './lambda/authorization', from: './lambda', except: ['./authorization', './identity', './protocol', './audit', './pending.ts'] },
  { target: './lambda/grants', from: './lambda', except: ['./grants', './authorization', './identity', './stores', './protocol', './audit'] },
  { target: './lambda/live', from: './lambda', except: ['./live', './grants', './integrity', './detection', './behaviour', './audit', './stores', './protocol'] },
  { target: './lambda/probe', from: './lambda', except: ['./probe', './protocol'] },
  { target: './lambda/response', from: './lambda', except: ['./response', './grants', './identity', './integrity', './behaviour', './stores', './protocol', './audit'] },
  { target: './lambda/gateway', from: ['./lambda/functions', './lambda/local'] },
  { target: './lambda/discovery', from: ['./lambda/functions', './lambda/deployment', './lambda/local'] },
  { target: './lambda/onboarding', from: ['./lambda/functions', './lambda/deployment', './lambda/local'] },
  { target: './lambda/local', from: './lambda/functions' },
  { target: ['./lambda/functions', './lambda/deployment', './lambda/container'], from: './lambda/local' },
  { target: './lib', from: './lambda', except: ['./authorization', './identity', './credentials', './protocol', './outbound', './guard', './audit', './behaviour', './onboarding'] },
  { target: './lib/cluster/manifests', from: ['./lib', './lambda'], except: ['./cluster/manifests'] },
  { target: './lib', from: ['./bin', './test', './bench', './cluster'] },
  { target: './cluster', from: ['./lambda', './bin', './test', './range'] },
];

export default tseslint.config(
  { ignores: ['dist/', 'cdk.out/', 'node_modules/', 'coverage/', '.bench/'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.mjs'] })] },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
    },
  },
  // Tests read answers whose shape is what they assert.
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  { files: ['**/*.js', '**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
