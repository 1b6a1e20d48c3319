import { toStreamBody } from '#functions/control-api/stream-body.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { byInterest, publishText, streamText } from '#scripts/stream/stream-text.ts';

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

test('what is live comes first, and then the newest', () => {
  const body = bodyWith(null);
  const streams = [
    { ...body, title: 'old', createdAt: '2026-01-01T00:00:00.000Z' },
    { ...body, title: 'new', createdAt: '2026-03-01T00:00:00.000Z' },
    { ...body, title: 'live', createdAt: '2025-01-01T00:00:00.000Z', status: 'live' },
    { ...body, title: 'live too', createdAt: '2026-02-01T00:00:00.000Z', status: 'live' },
  ] as const;
  expect(streams.toSorted(byInterest).map(({ title }) => title)).toEqual(['live too', 'live', 'new', 'old']);
});
