/** All that is fuzzed. */
import type { Target } from '../target';
import { argumentsAgainstSchemas } from './arguments';
import { config } from './config';
import { http } from './http';
import { modernWire } from './modern';
import { sessions } from './sessions';
import { httpUpstream, stdioUpstream } from './upstream';

export const TARGETS: readonly Target[] = [modernWire, sessions, http, httpUpstream, stdioUpstream, argumentsAgainstSchemas, config];
