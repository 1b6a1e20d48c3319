import { toStreamBody } from '#functions/control-api/stream-body.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { publishText, streamText } from '#scripts/stream/stream-text.ts';

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
