import { CountingIdSource } from '../support/counting-id-source.js';
import { idSourceContract } from './id-source.contract.js';

idSourceContract('test', async () => ({ ids: new CountingIdSource('contract'), close: async () => {} }));
