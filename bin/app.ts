import { App } from 'aws-cdk-lib';
import { addModel } from './models';

try {
  addModel(new App());
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
