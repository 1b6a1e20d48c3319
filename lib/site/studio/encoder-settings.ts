import { type LadderName, ladderRungs } from '#domain/ladders.ts';

/** Seconds from one keyframe to the next that suit every latency profile. */
const KEYFRAME_SECONDS = 2;
const AUDIO_KBPS = 160;
const FRAME_RATE = 30;

/** Where an encoder publishes, and with what. */
export interface IngestTarget {
  /** Without the stream key, as OBS calls it "Server". */
  readonly server: string;
  readonly streamKey: string;
  readonly title: string;
  readonly ladder: LadderName;
}

/** OBS's service.json, in the folder of a profile: plugins/rtmp-services/rtmp-custom.c has its fields. */
export const obsService = ({ server, streamKey }: IngestTarget): string =>
  JSON.stringify(
    { type: 'rtmp_custom', settings: { server, key: streamKey, use_auth: false, bwtest: false } },
    null,
    2,
  );

/**
 * OBS's "Config Override" of multitrack video: the answer that its GetClientConfiguration gets from a service. OBS then encodes with
 * exactly these settings. There is one track, since Headend makes the renditions itself. OBS puts the key in the place of
 * `{stream_key}`.
 */
export function obsMultitrack({ server, title, ladder }: IngestTarget): string {
  const { width, height, videoKbps } = topRung(ladder);
  return JSON.stringify(
    {
      meta: {
        service: 'Headend',
        schema_version: '2024-06-04',
        config_id: title.replace(/[^\w-]+/g, '-').slice(0, 40) || 'stream',
      },
      ingest_endpoints: [{ protocol: 'RTMP', url_template: `${server}/{stream_key}` }],
      encoder_configurations: [
        {
          type: 'obs_x264',
          ...{ width, height, framerate: { numerator: FRAME_RATE, denominator: 1 } },
          settings: {
            ...{ rate_control: 'CBR', bitrate: videoKbps, keyint_sec: KEYFRAME_SECONDS },
            ...{ preset: 'veryfast', profile: 'high', tune: 'zerolatency', bf: 0 },
          },
        },
      ],
      audio_configurations: {
        live: [{ codec: 'ffmpeg_aac', track_id: 1, channels: 2, settings: { bitrate: AUDIO_KBPS } }],
      },
    },
    null,
    2,
  );
}

/** A command that publishes a test picture. Everything in it is safe inside quotes: addresses and keys have no characters of a shell. */
export function ffmpegLine({ server, streamKey, ladder }: IngestTarget): string {
  const { width, height, videoKbps } = topRung(ladder);
  return [
    `ffmpeg -re -f lavfi -i testsrc2=size=${width}x${height}:rate=${FRAME_RATE} -f lavfi -i sine`,
    `-c:v libx264 -preset veryfast -tune zerolatency -b:v ${videoKbps}k -g ${KEYFRAME_SECONDS * FRAME_RATE} -pix_fmt yuv420p`,
    `-c:a aac -b:a ${AUDIO_KBPS}k -f flv "${server}/${streamKey}"`,
  ].join(' ');
}

/** A link that sets up Larix Broadcaster on a phone (Softvelum, "Larix Grove"). */
export function larixLink({ server, streamKey, title }: IngestTarget): string {
  const query = new URLSearchParams({
    'conn[][url]': `${server}/${streamKey}`,
    'conn[][name]': title,
    'conn[][overwrite]': 'on',
  });
  return `larix://set/v1?${query}`;
}

/** What to send for a ladder: its best picture, with half as much again as its bitrate, because it is encoded once more. */
function topRung(ladder: LadderName): { readonly width: number; readonly height: number; readonly videoKbps: number } {
  const [top] = ladderRungs(ladder);
  if (top === undefined) throw new Error(`the ladder ${ladder} has no rung`);
  // Encoders take even numbers only: 480p is 854 pixels wide.
  const width = 2 * Math.round((top.shortSide * 16) / 9 / 2);
  return { width, height: top.shortSide, videoKbps: 1.5 * top.videoKbpsHighFrameRate };
}
