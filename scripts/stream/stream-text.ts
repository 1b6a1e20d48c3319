import type { StreamBody } from '#functions/control-api/schemas.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';

type Health = NonNullable<StreamBody['health']>;

/** Everything about a stream, one line per fact. */
export function streamText(stream: StreamBody): string {
  const { title, id, status, ladder, latency, codecs, playback, allowedSources, version } = stream;
  return formatTable([
    ['Title', title],
    ...(stream.description === '' ? [] : [['Description', stream.description.replaceAll('\n', ' / ')]]),
    ...(stream.category === null ? [] : [['Category', stream.category]]),
    ...(stream.owner === null ? [] : [['Owner', stream.owner.name]]),
    ['Id', id],
    ['Status', status],
    ['Publisher', publisherText(stream)],
    ['Ladder', ladder],
    ['Latency', latency],
    ['Codecs', codecs.join(', ')],
    ['Playback', playback],
    ['Listed', stream.listed ? 'yes' : 'no'],
    ['On air', onAirText(stream)],
    ['Key opens', validityText(stream)],
    ['Publish from', allowedSources.length === 0 ? 'anywhere' : allowedSources.join(', ')],
    ['Backup', stream.backup === null ? 'none' : `takes over after ${stream.backup.failoverMs} ms`],
    ['Slate', slateText(stream)],
    ['Version', String(version)],
    ['Created', stream.createdAt],
    ['Changed', stream.updatedAt],
    ...serverRows(stream),
    ['Watch', stream.watchUrl],
    ['Playlist', stream.playbackUrl],
    ...(stream.health === null ? [] : healthRows(stream.health)),
  ]);
}

/** A table with one row per stream. */
export function streamListText(streams: readonly StreamBody[]): string {
  if (streams.length === 0) return 'There are no streams.';
  return formatTable([
    ['ID', 'TITLE', 'STATUS', 'PUBLISHER', 'LADDER', 'LATENCY', 'INPUT', 'WATCH'],
    ...streams.map(({ id, title, status, publisher, ladder, latency, health, watchUrl }) => {
      return [id, title, status, publisher.state, ladder, latency, health === null ? '-' : inputText(health), watchUrl];
    }),
  ]);
}

/** Orders streams: those that are live first, then previews, then the newest. */
export const byInterest = (a: StreamBody, b: StreamBody): number =>
  BY_INTEREST.indexOf(a.status) - BY_INTEREST.indexOf(b.status) || Date.parse(b.createdAt) - Date.parse(a.createdAt);

const BY_INTEREST: readonly StreamBody['status'][] = ['live', 'preview', 'idle'];

/** What a broadcaster enters in OBS, and the address to watch. */
export function publishText(stream: StreamBody & { readonly streamKey: string }): string {
  const table = formatTable([...serverRows(stream), ['Stream Key', stream.streamKey], ['Watch', stream.watchUrl]]);
  const viewers =
    stream.playback === 'token' ? `\nViewers need a link with a token: "viewer-token ${stream.id}" makes one.` : '';
  return `${table}\n\nThe key is shown only once; "rotate-key ${stream.id}" makes another.${viewers}`;
}

/** What is entered in the second encoder. */
export function backupKeyText(stream: StreamBody & { readonly backupKey: string }): string {
  const table = formatTable([...serverRows(stream), ['Backup Key', stream.backupKey]]);
  const takesOver = `It takes over after ${stream.backup?.failoverMs} ms without media from the publisher on air.`;
  return `"${stream.title}" has a backup key.\n\n${table}\n\n${takesOver} The key is shown only once.`;
}

function serverRows({ ingest: { rtmpUrl, rtmpsUrl } }: StreamBody): string[][] {
  if (rtmpUrl === undefined) return rtmpsUrl === undefined ? [] : [['Server', rtmpsUrl]];
  return [['Server', rtmpUrl], ...(rtmpsUrl === undefined ? [] : [['Server (TLS)', rtmpsUrl]])];
}

function onAirText({ id, onAir, status }: StreamBody): string {
  if (!onAir) return `no; "golive ${id}" puts it on air`;
  return { live: 'yes', preview: 'in a moment', idle: 'as soon as somebody publishes' }[status];
}

function publisherText({ publisher: { state, since } }: StreamBody): string {
  return since === null ? state : `${state} since ${since}`;
}

/** The picture that a stream has for its publisher's absence. */
export function slateText({ slateImage }: StreamBody): string {
  if (slateImage === null) return "the deployment's";
  const { type, width, height, bytes } = slateImage;
  return `its own, ${type.replace('image/', '')} ${width}x${height}, ${Math.ceil(bytes / 1000)} KB`;
}

function validityText({ notBefore, notAfter }: StreamBody): string {
  if (notBefore === null && notAfter === null) return 'always';
  return [notBefore === null ? '' : `from ${notBefore}`, notAfter === null ? '' : `until ${notAfter}`].join(' ').trim();
}

function inputText({ width, height, videoCodec, frameRate, audioCodec, inputKbps, warnings }: Health): string {
  const video = videoCodec === null ? [] : [`${videoCodec} ${width ?? '?'}x${height ?? '?'} ${frameRate ?? '?'} fps`];
  const audio = audioCodec === null ? [] : [audioCodec];
  const count = warnings.length === 0 ? [] : [`${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}`];
  return [...video, ...audio, `${Math.round(inputKbps)} kbit/s`, ...count].join(', ');
}

function healthRows(health: Health): string[][] {
  const { keyframeIntervalSeconds, encoderSpeed, droppedFrames, warnings, ingest } = health;
  return [
    ['Input', inputText(health)],
    ...(ingest === undefined ? [] : [['Ingest', `${ingest.onAir} on air, ${ingest.standby ?? 'no other'} connected`]]),
    ['Keyframes', keyframeIntervalSeconds === null ? 'unknown' : `every ${keyframeIntervalSeconds} s`],
    ['Dropped', `${droppedFrames} frames in the last minute`],
    ['Encoder', encoderSpeed === null ? 'unknown' : `${encoderSpeed.toFixed(2)} x real time`],
    ...warnings.map((warning) => ['Warning', warning]),
  ];
}
