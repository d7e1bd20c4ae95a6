/** Settings of limits on traffic that no programme comes up against which is not about them. */
import { envSchema } from '../../src/adapters/config/env.js';

const names = Object.keys(envSchema.shape).filter((name) => /_(?<!LOOKUPS_)PER_(?:ACCOUNT|ADDRESS)_MINUTE_MAX$/.test(name));

export const roomyTraffic: Readonly<Record<string, string>> = Object.fromEntries(names.map((name) => [name, '100000000']));
