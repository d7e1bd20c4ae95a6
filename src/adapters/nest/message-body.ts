/**
 * The body of a message as both doors take it: the shape that zod checks, and the rules that stand beside the shape.
 */
import { z } from 'zod';
import { limits } from '../../domain/kernel/limits.js';
import type { Body } from '../../domain/message/events.js';
import { ProblemError } from './problems.js';

export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

const base64url = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^[A-Za-z0-9_-]+$/);

const SCHEME_CHARACTERS_MAX = 64;
const FORWARDS_MAX = 1_000;
const COMMITMENT_CHARACTERS = 43;
/** Larger than any content that is accepted: the exact limit is on bytes, and is checked after the shape. */
const ROOMY_CHARACTERS_MAX = limits.frameBytesMax;

const text = z.strictObject({ type: z.literal('text'), text: z.string().min(1) });

const encrypted = z.strictObject({
  type: z.literal('encrypted'),
  scheme: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*$/)
    .max(SCHEME_CHARACTERS_MAX),
  epoch: z.int().min(0).optional(),
  header: base64url(ROOMY_CHARACTERS_MAX).optional(),
  ciphertext: base64url(ROOMY_CHARACTERS_MAX),
});

export const messageBody = z.strictObject({
  content: z.discriminatedUnion('type', [text, encrypted]),
  relations: z
    .strictObject({ replyTo: uuid.optional(), threadId: uuid.optional(), forwardOf: z.int().min(1).max(FORWARDS_MAX).optional() })
    .optional(),
  hints: z
    .strictObject({
      mentions: z.array(uuid).max(limits.mentionsMax).optional(),
      silent: z.boolean().optional(),
      urgent: z.boolean().optional(),
    })
    .optional(),
  mediaIds: z.array(uuid).max(limits.mediaIdsMax).optional(),
  commitment: z
    .string()
    .length(COMMITMENT_CHARACTERS)
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional(),
});

/** Reads a body whose shape is right. Throws `ProblemError` for what the shape cannot say. */
export function toBody(parsed: z.infer<typeof messageBody>): Body {
  if (Buffer.byteLength(JSON.stringify(parsed.content), 'utf8') > limits.contentBytesMax) {
    throw new ProblemError('content-too-large', { contentBytesMax: limits.contentBytesMax });
  }
  if (parsed.commitment !== undefined && parsed.content.type !== 'encrypted') {
    throw new ProblemError('invalid-request', { errors: [{ pointer: '/commitment', code: 'only-with-encrypted-content' }] });
  }
  return parsed as unknown as Body;
}

/** Reads a body from a request of any door. */
export function readBody(request: unknown): Body {
  const parsed = messageBody.safeParse(request);
  if (!parsed.success) throw new ProblemError('invalid-request', { errors: fieldErrors(parsed.error) });
  return toBody(parsed.data);
}

/** The faults of a shape, each as a JSON pointer and a kebab-case code. */
export const fieldErrors = (error: z.ZodError): readonly { pointer: string; code: string }[] =>
  error.issues.map((issue) => ({
    pointer: issue.path.map((step) => `/${String(step)}`).join(''),
    code: issue.code.replaceAll('_', '-'),
  }));
