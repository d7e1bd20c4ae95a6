/** What a server must not do whatever it is sent, as seen in its frames, in its log and in its life. */
import { op, type Received } from '../support/raw-socket.js';

const TRACE = /node_modules|\bat \S+ ?\(?\S+:\d+:\d+|\.(?:ts|js):\d+/;
const FAILURE_CODE = 1_011;
/** A control character in a log line could move a reader's cursor or begin a line of its own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

export function frameProblem({ opcode, payload }: Received): string | undefined {
  if (opcode === op.close) {
    const code = payload.length < 2 ? undefined : payload.readUInt16BE();
    return code === FAILURE_CODE ? `The socket was closed with ${FAILURE_CODE}.` : undefined;
  }
  if (opcode !== op.text) return undefined;
  const text = payload.toString();
  if (TRACE.test(text)) return `A frame holds a trace: ${text}`;
  const { type, problem } = JSON.parse(text);
  const isOurs = type === 'error' && problem.status >= 500 && problem.code !== 'contended';
  return isOurs ? `A command was answered ${problem.status} ${problem.code}.` : undefined;
}

/** Which reply to a command it is, for whoever counts them. */
export function frameInWords({ opcode, payload }: Received): readonly string[] {
  if (opcode !== op.text) return [];
  const { type, problem } = JSON.parse(payload.toString());
  if (type !== 'error') return type === 'ack' ? ['ack'] : [];
  return [`error ${problem.code}${problem.limit === undefined ? '' : ` ${problem.limit}`}`];
}

export function logProblem(line: string, canary: string): string | undefined {
  if (line.includes(canary)) return `The log holds what somebody sent: ${line}`;
  if (CONTROL.test(line)) return `A log line holds a control character: ${JSON.stringify(line)}`;
  if (!line.startsWith('{')) return undefined;
  try {
    const { level, event } = JSON.parse(line);
    return level === 'error' ? `The server logged the error ${event}: ${line}` : undefined;
  } catch {
    return `A log line cannot be parsed: ${JSON.stringify(line)}`;
  }
}
