import { App } from 'aws-cdk-lib';
import { addModel } from '../../bin/models';
import { cents, costsAtRest, rowOf, sumUpTo } from './costs';
import { alarmsOf, eyes } from './eyes';
import { recommended } from './validated-app';

jest.setTimeout(180_000);

describe.each([
  ['gateway', ['the reference stack']],
  ['zone', ['without egress', 'with egress']],
  ['cluster', ['without egress', 'with egress']],
])('what watches the model %s, in all its templates,', (model, totals) => {
  const app = new App({ context: { ...recommended, model }, analyticsReporting: false });
  addModel(app);

  test('LOG-3 TB-4 SOC-3 does not change unnoticed', () => {
    expect(eyes(app)).toMatchSnapshot();
  });

  test('costs what the documentation says, which adds up', () => {
    const { fixed, unusual, joined } = alarmsOf(app);
    const rows = costsAtRest(`${model}.md`);
    expect(rowOf(rows, 'alarms')).toEqual({
      name: 'alarms',
      dollars: cents(0.1 * fixed + 0.3 * unusual + 0.5 * joined),
      how: `0.10 each of ${fixed}, 0.30 each of ${unusual} on the unusual, 0.50 each of ${joined} of several; those of grants, registry and response too`,
    });
    for (const total of totals) expect(sumUpTo(rows, total)).toBe(rowOf(rows, total).dollars);
  });
});
