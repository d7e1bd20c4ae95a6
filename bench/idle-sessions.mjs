/**
 * What an idle session costs in memory: a whole server in a process of its own, the slope of its resident size and heap
 * from 2,000 to 10,000 sockets that have caught up and do nothing. Tokens are made by the server's own secret.
 *
 *   node bin/run-on-node24.cjs bench/idle-sessions.mjs [low] [high]
 */
import '../test/support/typescript-hooks.mjs';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [LOW = 2_000, HIGH = 10_000] = process.argv
  .slice(2)
  .filter((one) => one !== 'server')
  .map(Number);
const AT_ONCE = 200;

if (process.argv.includes('server')) await serve();
else await drive();

async function serve() {
  const { openLog } = await import('../src/adapters/nest/log.ts');
  const { createServer } = await import('../src/app.module.ts');
  const { openEmbedded } = await import('../src/compose.ts');
  const folder = mkdtempSync(join(tmpdir(), 'sottovoce-idle-'));
  const config = {
    folders: { data: join(folder, 'data'), keys: join(folder, 'keys') },
    limits: { signInsPerTargetHourMax: 1_000, signInsPerAddressHourMax: 1_000, lookupsPerAccountMinuteMax: 1_000 },
    http: { host: '127.0.0.1', port: 0, origins: [], trustedProxies: 0, drainMs: 1_000 },
  };
  const log = openLog('error');
  const foundation = await openEmbedded(config, log);
  const { clock, credentials, keys } = foundation.deps;
  const server = await createServer(foundation, config, log);
  const { AccessTokens } = await import('../src/adapters/nest/access-tokens.ts');
  const tokens = new AccessTokens(await foundation.secret('access-tokens'), { clock, credentials });
  const url = await server.start();
  process.on('message', async ({ ask, count }) => {
    if (ask === 'tokens') {
      const made = [];
      for (let index = 0; index < count; index += 1) {
        const principal = { accountId: randomUUID(), deviceId: randomUUID() };
        await keys.register(principal.accountId);
        await credentials.issueRefresh(principal, clock.now());
        made.push((await tokens.issue(principal)).accessToken);
      }
      process.send({ tokens: made });
    } else if (ask === 'memory') {
      for (let round = 0; round < 4; round += 1) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      const { rss, heapUsed, external } = process.memoryUsage();
      process.send({ rss, heapUsed, external });
    } else {
      rmSync(folder, { recursive: true, force: true });
      process.exit();
    }
  });
  process.send({ url });
}

async function drive() {
  const server = fork(fileURLToPath(import.meta.url), ['server'], { execArgv: ['--expose-gc'] });
  const answer = () => new Promise((resolve) => server.once('message', resolve));
  const ask = (question) => {
    server.send(question);
    return answer();
  };
  const { url } = await answer();
  const { tokens } = await ask({ ask: 'tokens', count: HIGH });
  const port = Number(new URL(url).port);
  const sockets = [];
  const startedMs = performance.now();
  const openUpTo = async (count) => {
    while (sockets.length < count) {
      const some = tokens.slice(sockets.length, Math.min(count, sockets.length + AT_ONCE));
      sockets.push(...(await Promise.all(some.map((token) => opened(port, token)))));
    }
  };
  await openUpTo(LOW);
  const low = await ask({ ask: 'memory' });
  await openUpTo(HIGH);
  const high = await ask({ ask: 'memory' });
  const kib = (field) => ((high[field] - low[field]) / (HIGH - LOW) / 1_024).toFixed(1);
  const openedPerSecond = Math.round((HIGH * 1_000) / (performance.now() - startedMs));
  console.log(
    JSON.stringify({ kibPerSession: { rss: kib('rss'), heap: kib('heapUsed'), external: kib('external') }, openedPerSecond }),
  );
  for (const socket of sockets) socket.destroy();
  server.send({ ask: 'end' });
}

/** A socket that has said hello and was told that it is caught up; plain, so that the driver stays light. */
function opened(port, token) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let isUpgraded = false;
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!isUpgraded && text.includes('\r\n\r\n')) {
        if (!text.startsWith('HTTP/1.1 101')) return reject(new Error(text.slice(0, 300)));
        isUpgraded = true;
        socket.write(
          masked(
            JSON.stringify({ type: 'hello', id: randomUUID(), data: { capabilities: [], client: { name: 'b', version: '1' } } }),
          ),
        );
      }
      if (!text.includes('caught-up')) return;
      socket.removeAllListeners('data');
      socket.on('data', () => undefined);
      resolve(socket);
    });
    socket.write(
      `GET /v1/socket HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Protocol: sottovoce.v1.json\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
  });
}

function masked(text) {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]), payload]);
}
