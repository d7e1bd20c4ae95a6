/** Goal: an operator hears of it when the machine lets fewer connections wait than the server asks for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ACCEPT_BACKLOG, cappedBacklog } from '../../../src/adapters/http/accept-backlog.js';

describe('the machine', () => {
  it.each([
    ['128\n', 128],
    [`${ACCEPT_BACKLOG}\n`, undefined],
    ['65535', undefined],
  ])('that allows %j caps it to %s', (content, capped) => {
    const folder = mkdtempSync(join(tmpdir(), 'sottovoce-backlog-'));
    const file = join(folder, 'somaxconn');
    writeFileSync(file, content);
    expect(cappedBacklog(file)).toBe(capped);
    rmSync(folder, { recursive: true });
  });

  it('that does not tell caps nothing', () => {
    expect(cappedBacklog('/there/is/no/such/file')).toBeUndefined();
  });
});
