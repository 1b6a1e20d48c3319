import { parseSpliceInfo } from '#encoder/media/splice-info.ts';
import { Random } from '#kit/random.ts';
import { spliceInsert, timeSignal, timeSignals } from '#test/support/splice-sections.ts';

const breaksOf = (section: Buffer) =>
  parseSpliceInfo(section).map(({ kind, eventId, plannedSeconds }) => ({ kind, eventId, plannedSeconds }));

test.each([
  ['leaves the programme', spliceInsert(7, true, 30), { kind: 'out', eventId: 7, plannedSeconds: 30 }],
  ['leaves it for an unknown time', spliceInsert(8, true), { kind: 'out', eventId: 8, plannedSeconds: null }],
  ['comes back', spliceInsert(7, false), { kind: 'in', eventId: 7, plannedSeconds: null }],
])('a splice_insert %s', (_, section, expected) => {
  expect(breaksOf(section)).toEqual([expected]);
});

test.each([
  ['begins an advertisement', 0x30, { kind: 'out', eventId: 9, plannedSeconds: 15 }],
  ['ends an advertisement', 0x31, { kind: 'in', eventId: 9, plannedSeconds: null }],
  ['begins a chapter', 0x20, { kind: 'command', eventId: null, plannedSeconds: null }],
])('a time_signal %s', (_, type, expected) => {
  expect(breaksOf(timeSignal(9, type, 15))).toEqual([expected]);
});

test.each([
  ['the end first', [1, 0x35, null], [2, 0x34, 30]],
  ['the beginning first', [2, 0x34, 30], [1, 0x35, null]],
] as const)('a time_signal between two breaks ends one and begins the other: %s', (_, first, second) => {
  expect(breaksOf(timeSignals(first, [7, 0x20, null], second))).toEqual([
    { kind: 'in', eventId: 1, plannedSeconds: null },
    { kind: 'out', eventId: 2, plannedSeconds: 30 },
  ]);
});

test('a section has a few breaks at most', () => {
  const many = Array.from({ length: 15 }, (_, eventId) => [eventId, 0x34, null] as const);
  expect(breaksOf(timeSignals(...many)).map(({ eventId }) => eventId)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

// The first one is an example of SCTE 35 (14.2), a splice_insert of 60.3 s; the second one begins an advertisement.
test.each([
  ['/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=', 'out', 0x4800008f, 60.293566],
  ['/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=', 'in', 0x4800008e, null],
])('reads a section of others', (base64, kind, eventId, plannedSeconds) => {
  const [signal] = parseSpliceInfo(Buffer.from(base64, 'base64'));
  expect(signal).toMatchObject({ kind, eventId });
  if (plannedSeconds === null) expect(signal?.plannedSeconds).toBeNull();
  else expect(signal?.plannedSeconds).toBeCloseTo(plannedSeconds, 3);
});

test('refuses every section that is damaged, and never throws', () => {
  const whole = spliceInsert(7, true, 30);
  for (let length = 0; length < whole.length; length++) expect(parseSpliceInfo(whole.subarray(0, length))).toEqual([]);
  for (let seed = 0; seed < 500; seed++) {
    const random = new Random(seed);
    const damaged = Buffer.from(whole);
    const index = random.below(damaged.length);
    damaged.writeUInt8(damaged.readUInt8(index) ^ (1 << random.below(8)), index);
    expect(parseSpliceInfo(damaged)).toEqual([]);
    expect(parseSpliceInfo(Buffer.concat([Buffer.from([0xfc]), random.bytes(40)]))).toEqual([]);
  }
});
