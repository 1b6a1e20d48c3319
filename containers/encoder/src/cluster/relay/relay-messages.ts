import * as z from 'zod/mini';
import type { AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import type { Takeover } from '#encoder/rtmp/takeovers.ts';
import { authorisedStreamSchema, refusalCodeSchema } from '#runtime/authorised-stream.ts';

/** Path of a relay on a task's internal server. */
export const RELAY_PATH = '/cluster/relay';

/** How often each side sends something, so that the other one knows that it is alive. */
export const BEAT_MS = 1_000;
/** A side from which nothing was heard for so many beats is lost. */
export const SILENT_BEATS = 5;
/** How long the other side may take to end its own half of the connection. */
export const CLOSE_GRACE_MS = 1_000;

const MAX_LINE_BYTES = 4 * 1024;
/** Even if JSON escapes each character with six bytes, such a text fits in a line. */
const MAX_DESCRIPTION_LENGTH = 500;
const MAX_TAKEOVERS = 10;
const LINE_FEED = 0x0a;

/** The other side broke the relay's protocol. */
export class RelayViolation extends Error {
  override readonly name = 'RelayViolation';
}

/** The first thing in a relay's request body: who publishes what, and to whom. */
export interface RelayHead {
  /** The task that is meant. Another one may have its address by now. */
  readonly toTaskId: string;
  readonly publisherId: string;
  readonly remoteAddress: string;
  readonly software: string | null;
  readonly stream: AuthorisedStream;
  /** As far as the other task knows. */
  readonly takeovers: readonly Takeover[];
}

/** Why a publish is refused or over, in RTMP's terms. */
export interface RelayedEnd {
  readonly code: RefusalCode;
  /** For the broadcaster. */
  readonly description: string;
}

/** A line of a relay's response body. */
export type RelayMessage =
  /** The first line, unless it is `refused`. */
  | {
      readonly accepted: true /** As in the head, as far as this task knows. */;
      readonly takeovers: readonly Takeover[];
    }
  | { readonly refused: RelayedEnd }
  /** Viewers have something to play from now on. */
  | { readonly playable: true }
  /** The task drains. It takes tags until the publisher leaves. */
  | { readonly sendAway: true }
  | { readonly end: RelayedEnd }
  /** Sent every `BEAT_MS`. */
  | { readonly alive: true };

const name = z.string().check(z.minLength(1), z.maxLength(64));
const takeover = z.object({ publisherId: name, ageMs: z.number().check(z.nonnegative()) });
/** A task before this version has none. */
const takeovers = z._default(z.array(takeover).check(z.maxLength(MAX_TAKEOVERS)), []);
const headSchema: z.ZodMiniType<RelayHead> = z.object({
  toTaskId: name,
  publisherId: name,
  remoteAddress: name,
  software: z._default(z.nullable(z.string().check(z.maxLength(64))), null),
  stream: authorisedStreamSchema,
  takeovers,
});

const yes = z.literal(true);
const endSchema = z.object({ code: refusalCodeSchema, description: z.string() });
const messageSchema: z.ZodMiniType<RelayMessage> = z.union([
  z.object({ accepted: yes, takeovers }),
  z.object({ refused: endSchema }),
  z.object({ playable: yes }),
  z.object({ sendAway: yes }),
  z.object({ end: endSchema }),
  z.object({ alive: yes }),
]);

/** Throws a RelayViolation if the text is not the JSON of a head. */
export function parseRelayHead(text: string): RelayHead {
  return parse(headSchema, text, 'a head');
}

/** A message as a line. */
export const encodeRelayMessage = (message: RelayMessage): string => `${JSON.stringify(message)}\n`;

/** An end whose description fits in a line. */
export const toRelayedEnd = (code: RefusalCode, description: string): RelayedEnd => ({
  code,
  description: description.slice(0, MAX_DESCRIPTION_LENGTH),
});

/** Parses the lines of a response body, which may be cut anywhere. */
export class RelayMessageReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that these bytes complete. Throws a RelayViolation if one is malformed or too long. */
  read(bytes: Buffer): RelayMessage[] {
    const messages: RelayMessage[] = [];
    let unread = Buffer.concat([this.#rest, bytes]);
    for (let end = unread.indexOf(LINE_FEED); end >= 0; end = unread.indexOf(LINE_FEED)) {
      messages.push(parse(messageSchema, unread.toString('utf8', 0, end), 'a message'));
      unread = unread.subarray(end + 1);
    }
    if (unread.length > MAX_LINE_BYTES) throw new RelayViolation('a line is too long');
    this.#rest = unread;
    return messages;
  }
}

function parse<T>(schema: z.ZodMiniType<T>, text: string, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RelayViolation(`${what} is no JSON`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new RelayViolation(`${what} is invalid`);
  return parsed.data;
}
