/**
 * The operators' door: numbers and health on a listener of their own, never on the public port. It has no sign-in, so it
 * listens where only operators come; whatever else is asked of it does not exist.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OperatorsDoorOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: { readonly contentType: string; show(): Promise<string> };
  readonly health: () => Promise<{ readonly isReady: boolean }>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';
const REQUEST_TIMEOUT_MS = 10_000;

export class OperatorsDoor {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(options: OperatorsDoorOptions): Promise<OperatorsDoor> {
    const pages = pagesOf(options);
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      void answer(pages, request, response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port: options.port }, resolve);
    });
    const { address, family, port } = server.address() as AddressInfo;
    return new OperatorsDoor(server, `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

type Pages = Readonly<Record<string, () => Promise<Page>>>;

function pagesOf({ metrics, health }: OperatorsDoorOptions): Pages {
  return {
    '/metrics': async () => ({ status: 200, type: metrics.contentType, text: await metrics.show() }),
    '/health/live': async () => ({ status: 200, type: JSON_TYPE, text: JSON.stringify({ status: 'live' }) }),
    '/health/ready': async () => {
      const { isReady, ...checks } = await health();
      const text = JSON.stringify({ status: isReady ? 'ready' : 'not-ready', ...checks });
      return { status: isReady ? 200 : 503, type: JSON_TYPE, text };
    },
  };
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?', 1);
  const page = request.method === 'GET' && Object.hasOwn(pages, path) ? pages[path] : undefined;
  const { status, type, text } = await (page?.() ?? Promise.resolve({ status: 404, type: TEXT, text: 'Not found\n' })).catch(
    () => ({ status: 500, type: TEXT, text: 'It could not be read.\n' }),
  );
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(text);
}
