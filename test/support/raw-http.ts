/** HTTP written by hand on a TCP connection: what is sent goes out as it is, and every answer that comes back is read. */
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const QUIET_MS = 10_000;

/** Sends the bytes and reads until the server ends the connection, or until so many answers are there. */
export function exchange(
  url: string,
  sent: Buffer | string | readonly (Buffer | string)[],
  answersMax = 99,
): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let received = Buffer.alloc(0);
    const done = () => {
      socket.destroy();
      resolve(answersIn(received, true));
    };
    socket.setTimeout(QUIET_MS, () => {
      socket.destroy();
      reject(
        new Error(`Nothing more came for ${QUIET_MS} ms after: ${JSON.stringify(received.toString('latin1').slice(0, 500))}`),
      );
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk as Buffer]);
      if (answersIn(received).length >= answersMax) done();
    });
    socket.on('error', done);
    socket.on('close', done);
    for (const part of [sent].flat()) socket.write(part);
  });
}

/** Every whole answer that the bytes hold; when they are all there will be, the last one may say more than it has (HEAD). */
export function answersIn(bytes: Buffer, isAll = false): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0) return answers;
    const [first = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const length = Number(headers['content-length'] ?? 0);
    if (bytes.length < end + 4 + length && !isAll) return answers;
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
    answers.push({ status, headers, body: bytes.toString('utf8', end + 4, end + 4 + length) });
    at = end + 4 + length;
  }
}
