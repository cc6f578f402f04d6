import { openRecords } from '../deployment/aws-registry';
import { createComparingScan } from '../deployment/aws-scan';
import { readRegistrySettings } from '../deployment/registry-settings';
import { createScanStep } from '../onboarding/scan';

const settings = readRegistrySettings(process.env);
const { scan, compareWith } = createComparingScan(settings);

/** Second step of a discovery: scans what is new, stops what changed. */
export const handler = createScanStep({ ...openRecords(settings, scan), compareWith });
