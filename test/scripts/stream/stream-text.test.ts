import { toStreamBody } from '#functions/control-api/stream-body.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { publishText, streamListText, streamText } from '#scripts/stream/stream-text.ts';

const rtmpUrl = 'rtmp://ingest.example.com/live';
const rtmpsUrl = 'rtmps://ingest.example.com/live';

const bodyWith = (address: string | null, plain: string | null = rtmpUrl) => {
  const addresses = { rtmpUrl: plain, rtmpsUrl: address, playbackBaseUrl: 'https://live.example.com' };
  return { ...toStreamBody(makeStreamRecord(), null, addresses, 0), streamKey: 'shown-once' };
};

test.each([
  ['publishText', publishText],
  ['streamText', streamText],
])('%s has the server for RTMPS where there is one', (_name, toText) => {
  expect(toText(bodyWith(rtmpsUrl))).toMatch(/\nServer \(TLS\) +rtmps:\/\/ingest\.example\.com\/live\n/m);
  expect(toText(bodyWith(rtmpsUrl))).toMatch(/^Server +rtmp:\/\/ingest\.example\.com\/live$/m);
  expect(toText(bodyWith(null))).not.toContain('TLS');
  expect(toText(bodyWith(rtmpsUrl, null))).toMatch(/^Server +rtmps:\/\/ingest\.example\.com\/live$/m);
});

test('a list has what is live first, and then the newest', () => {
  const body = bodyWith(null);
  const text = streamListText([
    { ...body, title: 'old', createdAt: '2026-01-01T00:00:00.000Z' },
    { ...body, title: 'new', createdAt: '2026-03-01T00:00:00.000Z' },
    { ...body, title: 'live', createdAt: '2025-01-01T00:00:00.000Z', status: 'live' },
    { ...body, title: 'live too', createdAt: '2026-02-01T00:00:00.000Z', status: 'live' },
  ]);
  const titles = text.split('\n').map((line) => /(?:live too|live|new|old|TITLE)/.exec(line)?.[0]);
  expect(titles).toEqual(['TITLE', 'live too', 'live', 'new', 'old']);
});
