import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CodeLine, LogCodeSender } from '../../src/adapters/log/log-code-sender.js';
import { TestClock } from '../support/test-clock.js';
import { codeSenderContract } from './code-sender.contract.js';

codeSenderContract('log', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sottovoce-test-codes-'));
  const folder = join(root, 'dev-codes');
  const lines: CodeLine[] = [];
  const sender = await LogCodeSender.open({ folder, log: (line) => lines.push(line), clock: new TestClock() });
  return {
    sender,
    refused: { kind: 'email', value: 'nobody@example.invalid' },
    handedOver: async (id) => lines.filter(({ verificationId }) => verificationId === id).map(({ code }) => code!),
    cut: async () => {
      await rm(folder, { recursive: true });
      await writeFile(folder, 'A file where the folder was.');
    },
    close: async () => {
      await rm(folder, { recursive: true, force: true });
      await sender.close();
      await rm(root, { recursive: true });
    },
  };
});
