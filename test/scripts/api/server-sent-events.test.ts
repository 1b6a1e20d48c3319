import { readServerSentEvents } from '#scripts/api/server-sent-events.ts';

async function read(chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
  const events: string[] = [];
  for await (const data of readServerSentEvents(body)) events.push(data);
  return events;
}

test.each([
  ['one event', ['id: 1\nevent: x\ndata: {"a":1}\n\n'], ['{"a":1}']],
  ['two in one chunk', ['data: a\n\ndata: b\n\n'], ['a', 'b']],
  ['one in many chunks', ['da', 'ta: a', 'b\n', '\n'], ['ab']],
  ['several lines of data', ['data: a\ndata: b\n\n'], ['a\nb']],
  ['CRLF, cut between the two', ['data: a\r', '\n\r\n'], ['a']],
  ['no space', ['data:a\n\n'], ['a']],
  ['comments and events without data', [': hello\n\nevent: x\n\ndata: a\n\n'], ['a']],
  ['a field whose name only starts with data', ['database: a\n\ndata: b\n\n'], ['b']],
  ['an unfinished event', ['data: a\n\ndata: b\n'], ['a']],
])('%s', async (_case, chunks, events) => {
  expect(await read(chunks)).toEqual(events);
});

test('a character may be split anywhere', async () => {
  const bytes = new TextEncoder().encode('data: 日本\n\n');
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    expect(await read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(['日本']);
  }
});

test.each([
  ['line', ['data: ', ...Array.from({ length: 17 }, () => 'x'.repeat(65_536))]],
  ['event', Array.from({ length: 17 }, () => `data: ${'x'.repeat(65_536)}\n`)],
])('gives up on an endless %s', async (_case, chunks) => {
  await expect(read(chunks)).rejects.toThrow('longer than 1048576');
});
