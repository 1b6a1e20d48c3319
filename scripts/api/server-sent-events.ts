/** Size limit of one event, including line feeds. Headend sends none that comes close. */
const EVENT_LIMIT_CHARACTERS = 1024 * 1024;

/** Yields the data of each event of a text/event-stream (HTML standard 9.2.6). Throws if an event exceeds the limit. */
export async function* readServerSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let unfinished = '';
  let data: string[] = [];
  for await (const chunk of body) {
    const lines = (unfinished + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    unfinished = lines.pop() ?? '';
    for (const line of lines) {
      const value = /^data: ?(.*)$/s.exec(line)?.[1];
      if (value !== undefined) data.push(value);
      if (line !== '' || data.length === 0) continue;
      yield data.join('\n');
      data = [];
    }
    const size = data.reduce((sum, { length }) => sum + length, unfinished.length);
    if (size > EVENT_LIMIT_CHARACTERS) throw new Error(`an event is longer than ${EVENT_LIMIT_CHARACTERS} characters`);
  }
}
