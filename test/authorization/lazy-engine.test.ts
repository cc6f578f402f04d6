import { generateSchema, grantPolicyText, loadPolicyTexts } from '../../lambda/authorization';
import { readFile } from './fixtures';

jest.mock('@cedar-policy/cedar-wasm/nodejs', () => {
  throw new Error('the engine was loaded');
});

describe('a synthesis that checks no policy', () => {
  it('does not load the engine', () => {
    expect(grantPolicyText({ principal: { type: 'Group', id: 'analysts' }, server: 'files' })).toContain('permit');
    expect(generateSchema([{ name: 'files', tools: [readFile] }]).leftOut).toEqual([]);
    expect(() => loadPolicyTexts([{ name: 'a.cedar', text: 'permit(principal, action, resource);' }])).toThrow('the engine was loaded');
  });
});
