import {
  encodeRelayMessage,
  type RelayMessage,
  RelayMessageReader,
  RelayViolation,
  toRelayedEnd,
} from '#encoder/cluster/relay/relay-messages.ts';

const END = toRelayedEnd('NetStream.Publish.BadName', 'Späť\n"later"');
const MESSAGES: readonly RelayMessage[] = [
  { alive: true },
  { accepted: true, takeovers: [{ publisherId: 'a', ageMs: 1_500 }] },
  { refused: END },
  { playable: true },
  { sendAway: true },
  { end: END },
];

test('lines that are cut anywhere give the same messages', () => {
  const bytes = Buffer.from(MESSAGES.map(encodeRelayMessage).join(''));
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new RelayMessageReader();
    const read: RelayMessage[] = [];
    for (let offset = 0; offset < bytes.length; offset += size)
      read.push(...reader.read(bytes.subarray(offset, offset + size)));
    expect(read).toEqual(MESSAGES);
  }
});

test('the longest description fits in a line', () => {
  const message = { end: toRelayedEnd('NetStream.Publish.Rejected', '\u0001'.repeat(10_000)) };
  const reader = new RelayMessageReader();
  const line = Buffer.from(encodeRelayMessage(message));
  expect(reader.read(line.subarray(0, -1))).toEqual([]);
  expect(reader.read(line.subarray(-1))).toEqual([message]);
});

test.each([
  'no JSON\n',
  '\n',
  '{}\n',
  'null\n',
  '{"accepted":false}\n',
  '{"end":{"code":"NetStream.Play.Failed","description":""}}\n',
  '{"end":{"code":"NetStream.Publish.Rejected"}}\n',
  ' '.repeat(4097),
])('%j is a violation', (text) => {
  expect(() => new RelayMessageReader().read(Buffer.from(text))).toThrow(RelayViolation);
});

test('a task of an earlier version counts no takeovers', () => {
  expect(new RelayMessageReader().read(Buffer.from('{"accepted":true}\n'))).toEqual([
    { accepted: true, takeovers: [] },
  ]);
});
