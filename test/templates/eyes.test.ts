import { App } from 'aws-cdk-lib';
import { addModel } from '../../bin/models';
import { eyes } from './eyes';
import { recommended } from './validated-app';

jest.setTimeout(180_000);

describe.each(['gateway', 'zone', 'cluster'])('what watches the model %s, in all its templates,', (model) => {
  const app = new App({ context: { ...recommended, model }, analyticsReporting: false });
  addModel(app);

  test('LOG-3 TB-4 SOC-3 does not change unnoticed', () => {
    expect(eyes(app)).toMatchSnapshot();
  });
});
