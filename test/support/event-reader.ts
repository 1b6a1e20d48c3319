import type { HeadendEvent } from '#domain/events.ts';

/** A client of the event feed, and what it got so far. */
export interface EventReader {
  readonly events: readonly HeadendEvent[];
  readonly comments: readonly string[];
  /** Resolves once the feed or the client has ended. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Follows an event feed (server-sent events, HTML standard 9.2). Rejects if the feed refuses it. */
export async function followEvents(url: string, token: string): Promise<EventReader> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: abort.signal });
  if (!response.ok || response.body === null) throw new Error(`the event feed answered ${response.status}`);
  const events: HeadendEvent[] = [];
  const comments: string[] = [];
  const onBlock = (block: string): void => {
    const fields = new Map(block.split('\n').map((line) => [line.split(': ', 1)[0], line.replace(/^[^:]*: /, '')]));
    const data = fields.get('data');
    if (data === undefined) comments.push(block);
    else events.push(JSON.parse(data) as HeadendEvent);
  };
  return { events, comments, ended: readBlocks(response.body, onBlock, abort.signal), close: () => abort.abort() };
}

async function readBlocks(
  body: ReadableStream<Uint8Array>,
  onBlock: (block: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder();
  let unread = '';
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      const blocks = (unread + decoder.decode(chunk, { stream: true })).split('\n\n');
      unread = blocks.pop() ?? '';
      blocks.forEach(onBlock);
    }
  } catch (error) {
    // A platform that stops cuts its connections, and so does a client that closes.
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
}
