import { InMemoryCodeSender } from '../../src/adapters/in-memory/in-memory-code-sender.js';
import { codeSenderContract } from './code-sender.contract.js';

codeSenderContract('in-memory', async () => {
  const sender = new InMemoryCodeSender();
  return {
    sender,
    refused: { kind: 'email', value: 'nobody@example.invalid' },
    handedOver: async (id) => sender.sent.filter(({ verificationId }) => verificationId === id).map(({ code }) => code),
    cut: () => sender.close(),
    close: () => sender.close(),
  };
});
