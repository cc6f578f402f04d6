import { executorsOf, recorded } from '../deployment/aws-response';
import { readActSettings } from '../deployment/response-settings';
import { createActStep } from '../response';

const settings = readActSettings(process.env);

/** Carries out the actions that it has the right to, and takes them back. */
export const handler = recorded(settings, createActStep, executorsOf(settings));
