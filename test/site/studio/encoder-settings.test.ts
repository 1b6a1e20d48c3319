import { ffmpegLine, larixLink, obsMultitrack, obsService } from '#site/studio/encoder-settings.ts';

const TARGET = {
  server: 'rtmp://ingest.example.com/live',
  streamKey: 'KEY',
  title: 'Tonight: "Ada" & friends',
  ladder: '480p',
} as const;

test('the service file of OBS has the server and the key', () => {
  expect(JSON.parse(obsService(TARGET))).toMatchObject({
    type: 'rtmp_custom',
    settings: { server: 'rtmp://ingest.example.com/live', key: 'KEY', use_auth: false },
  });
});

test('OBS is told to encode what the ladder needs, and puts the key in itself', () => {
  const config = JSON.parse(obsMultitrack(TARGET));
  expect(JSON.stringify(config)).not.toContain('KEY');
  expect(config.ingest_endpoints).toEqual([
    { protocol: 'RTMP', url_template: 'rtmp://ingest.example.com/live/{stream_key}' },
  ]);
  expect(config.encoder_configurations).toEqual([
    expect.objectContaining({
      ...{ width: 854, height: 480 },
      settings: expect.objectContaining({ bitrate: 1_500, keyint_sec: 2, bf: 0 }),
    }),
  ]);
  expect(config.meta.config_id).toMatch(/^[\w-]+$/);
});

test('the line for FFmpeg publishes to the key', () => {
  expect(ffmpegLine(TARGET)).toContain('-f flv "rtmp://ingest.example.com/live/KEY"');
});

test('the link for Larix can have any title', () => {
  const query = new URL(larixLink(TARGET)).searchParams;
  expect([query.get('conn[][url]'), query.get('conn[][name]')]).toEqual([
    'rtmp://ingest.example.com/live/KEY',
    'Tonight: "Ada" & friends',
  ]);
});
