import pino from 'pino';
import type { AuthorisedStream, IngestAuthResponse } from '#domain/ingest-auth.ts';
import { encodableStreams } from '#encoder/streams/encodable-streams.ts';
import { parseMissingCodecs } from '#encoder/transcode/ffmpeg-encoders.ts';

const REQUEST = { streamKey: 'key', sourceAddress: '127.0.0.1' };
const STREAM: AuthorisedStream = {
  ...{ streamId: 'stream', playbackId: 'playback', version: null },
  ...{ ladder: '360p', latency: 'low', maxInputKbps: 1 },
};
const ENCODERS = ` V....D libx264              H.264 (codec h264)
 V....D libx265              HEVC (codec hevc)
 A....D aac                  AAC
`;

async function askedFor(answer: IngestAuthResponse, encoders = ENCODERS) {
  const logged: unknown[] = [];
  const log = pino({}, { write: (line) => logged.push(JSON.parse(line).leftOut) });
  const ask = encodableStreams(async () => answer, parseMissingCodecs(encoders), log);
  return { answer: await ask(REQUEST), logged };
}

test('a stream goes on air without the codecs that FFmpeg can not encode, and the log says which', async () => {
  const allowed = { allow: true, stream: { ...STREAM, codecs: ['h264', 'hevc', 'av1'] } } as const;
  expect(await askedFor(allowed)).toEqual({
    answer: { allow: true, stream: { ...STREAM, codecs: ['h264', 'hevc'] } },
    logged: [['av1']],
  });
  const all = `${ENCODERS} V....D libaom-av1           AV1 (codec av1)\n`;
  expect(await askedFor(allowed, all)).toEqual({ answer: allowed, logged: [] });
});

test('other answers stay as they are', async () => {
  const refused = { allow: false, code: 'NetStream.Publish.BadName', description: 'no' } as const;
  for (const answer of [refused, { allow: true, stream: STREAM } as const]) {
    expect(await askedFor(answer)).toEqual({ answer, logged: [] });
  }
});
