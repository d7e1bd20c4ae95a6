/** What the server under siege counts itself: whether an attack reached what it is made for, or a limit before it. */
import { createServer } from 'node:net';
import { ServedApp } from '../support/served-app.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Numbers {
  private constructor(
    readonly app: ServedApp,
    private readonly port: number,
  ) {}

  static async start(): Promise<Numbers> {
    const port = await freePort();
    return new Numbers(await ServedApp.start({ SOTTOVOCE_ADMIN_PORT: String(port) }), port);
  }

  /** The sum of all lines of a metric whose labels hold what is asked for. */
  async of(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    if (!text.includes(`# TYPE ${name} `)) throw new Error(`There is no metric ${name}.`);
    return lines.filter((line) => line.includes(labels)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Requests, frames and upgrades that a limit on traffic refused before they reached anything. */
  limited(): Promise<number> {
    return this.of('sottovoce_traffic_refusals_total');
  }
}
