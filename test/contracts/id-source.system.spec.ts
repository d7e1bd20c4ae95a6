import { UuidIdSource } from '../../src/adapters/system/uuid-id-source.js';
import { idSourceContract } from './id-source.contract.js';

idSourceContract('system', async () => ({ ids: new UuidIdSource(), close: async () => {} }));
