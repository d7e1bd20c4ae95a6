/** Opens the stores of a folder as a server does, with its composition root. */
import { join } from 'node:path';
import { openLog } from '../../src/adapters/nest/log.js';
import { type Foundation, openEmbedded } from '../../src/compose.js';

const LIMITS = { signInsPerTargetHourMax: 1_000, signInsPerAddressHourMax: 100_000, lookupsPerAccountMinuteMax: 10_000 };

export const openFolder = (folder: string): Promise<Foundation> =>
  openEmbedded({ folders: { data: join(folder, 'data'), keys: join(folder, 'keys') }, limits: LIMITS }, openLog('silent'));
