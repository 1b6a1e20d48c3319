import type { Logger } from 'pino';
import type { Authorise } from '#domain/ingest-auth.ts';
import type { VideoCodec } from '#domain/video-codecs.ts';

/** Leaves out of each allowed stream the codecs that FFmpeg has no encoder for. The stream goes on air in the others. */
export function encodableStreams(ask: Authorise, missing: ReadonlySet<VideoCodec>, log: Logger): Authorise {
  return async (request) => {
    const answer = await ask(request);
    if (!answer.allow || answer.stream.codecs === undefined) return answer;
    const { streamId, codecs } = answer.stream;
    const leftOut = codecs.filter((codec) => missing.has(codec));
    if (leftOut.length === 0) return answer;
    log.warn({ streamId, leftOut }, 'FFmpeg has no encoder for some codecs of the stream, so it is there without them');
    return { allow: true, stream: { ...answer.stream, codecs: codecs.filter((codec) => !missing.has(codec)) } };
  };
}
