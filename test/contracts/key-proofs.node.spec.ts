import { NodeKeyProofs } from '../../src/adapters/crypto/node-key-proofs.js';
import { keyProofsContract } from './key-proofs.contract.js';

keyProofsContract('NodeKeyProofs', async () => ({ keyProofs: new NodeKeyProofs(), close: async () => undefined }));
