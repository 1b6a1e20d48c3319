import type { Page } from 'playwright-core';
import { type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { type AmfValue, encodeAmf0 } from '#kit/amf0.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import { takePresentedFrames, watchPresentedFrames } from '#kit/frame-counter.ts';
import { openHlsJsPage } from '#kit/hls-js-page.ts';
import { parseAttributes, playlistLines } from '#kit/hls-playlist.ts';
import { type DueTag, publishTags, type TagPublisher } from '#kit/tag-publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { fetchMediaPlaylist, waitUntilPlayable } from '#test/support/broadcast.ts';
import { type CaptionBytes, captionSei, toSample } from '#test/support/captions.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';
import { spliceInsert } from '#test/support/splice-sections.ts';

/** Two renditions, which both need the captions. */
const FRAMES_PER_SECOND = 15;
const CLIP = { width: 640, height: 480, seconds: 8, videoKbps: 300, frameRate: String(FRAMES_PER_SECOND) };
const CLIP_FRAMES = CLIP.seconds * FRAMES_PER_SECOND;
/** The publisher says the number of the frame, once a second. */
const SPEAKING_FRAME = 7;
const OUT_FRAME = 22;
const IN_FRAME = 52;
const NEAR_SECONDS = 2.1 / FRAMES_PER_SECOND;
const CUES = 4;

/** Roll-up captions (CTA-608-E 7.4): the mode, a new line, and then the text, two letters a frame. */
const CAPTION_PAIRS: readonly (readonly [number, number])[] = [
  ...[
    [0x14, 0x25],
    [0x14, 0x25],
    [0x14, 0x2d],
    [0x14, 0x2d],
  ],
  ...[...'Hello all!'.matchAll(/../g)].map(([pair]) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
] as [number, number][];

const withOddParity = (byte: number): number =>
  byte | (byte.toString(2).replaceAll('0', '').length % 2 === 0 ? 0x80 : 0);

function captionsOf(frame: number): CaptionBytes[] {
  const [first, second] = CAPTION_PAIRS[frame % FRAMES_PER_SECOND] ?? [0, 0];
  return [[0, withOddParity(first), withOddParity(second)]];
}

function message(name: string, value: AmfValue, { tag, dueMs }: DueTag): DueTag {
  return { dueMs, tag: { type: SCRIPT_TAG, timestampMs: tag.timestampMs, payload: encodeAmf0(name, value) } };
}

/** What the publisher sends for a frame: what it says there, and the frame with captions. */
function speaking(sent: DueTag): DueTag[] {
  const { tag } = sent;
  if (tag.type !== VIDEO_TAG || tag.payload[1] !== 1) return [sent];
  const frame = Math.round((tag.timestampMs * FRAMES_PER_SECOND) / 1000);
  const signal = (isOut: boolean) =>
    message('onCuePoint', { name: 'scte35', parameters: { cue: spliceInsert(7, isOut, 20).toString('base64') } }, sent);
  const said = [
    ...(frame % FRAMES_PER_SECOND === SPEAKING_FRAME
      ? [message('onTextData', { frame: frame % CLIP_FRAMES }, sent)]
      : []),
    ...(frame === OUT_FRAME ? [signal(true)] : []),
    ...(frame === IN_FRAME ? [signal(false)] : []),
  ];
  return [...said, { ...sent, tag: withCaptions(tag, frame) }];
}

function withCaptions(tag: FlvTag, frame: number): FlvTag {
  const sei = toSample(captionSei(captionsOf(frame)));
  return { ...tag, payload: Buffer.concat([tag.payload.subarray(0, 5), sei, tag.payload.subarray(5)]) };
}

/** The text tracks of the page, with the fields that cues have. */
function readTracks(): { kind: string; label: string; cues: { startTime: number; text: string; value: unknown }[] }[] {
  const tracks = [...(document.querySelector('video')?.textTracks ?? [])];
  return tracks.map((track) => {
    // Cues of a disabled track can't be read.
    if (track.mode === 'disabled') track.mode = 'hidden';
    const cues = [...(track.cues ?? [])] as (VTTCue & { value?: unknown })[];
    return {
      kind: track.kind,
      label: track.label,
      cues: cues.map(({ startTime, text, value }) => ({ startTime, text, value })),
    };
  });
}

interface SpokenFrame {
  readonly startTime: number;
  readonly frame: number;
}

async function spokenFrames(page: Page): Promise<SpokenFrame[]> {
  const cues = (await page.evaluate(readTracks))
    .filter(({ kind }) => kind === 'metadata')
    .flatMap((track) => track.cues);
  return cues.flatMap(({ startTime, value }) => {
    const { key, info, data } = (value ?? {}) as Record<string, string>;
    return key === 'TXXX' && info === 'onTextData' ? [{ startTime, frame: JSON.parse(data ?? '').frame }] : [];
  });
}

async function shownCaptions(page: Page): Promise<string[]> {
  const tracks = await page.evaluate(readTracks);
  return tracks.filter(({ kind }) => kind === 'captions').flatMap(({ cues }) => cues.map(({ text }) => text.trim()));
}

const dateRanges = (playlist: string) =>
  playlistLines(playlist)
    .filter(({ name }) => name === 'EXT-X-DATERANGE')
    .map(({ value }) => parseAttributes(value));

describe('captions and data of a publisher', () => {
  let platform: TestPlatform;
  let browser: TestBrowser;
  let stream: TestStream;
  let publisher: TagPublisher;
  let page: Page;

  beforeAll(async () => {
    platform = await startTestPlatform();
    browser = await launchBrowser();
    stream = await platform.createStream({ ladder: '480p' });
    const { rtmpPort } = platform;
    publisher = await publishTags({
      ...{ rtmpPort, streamKey: stream.streamKey, clipPath: await makeClip(CLIP), change: speaking },
    });
    await waitUntilPlayable(stream);
    page = await openHlsJsPage(browser, `${stream.liveUrl}/master.m3u8`);
    await watchPresentedFrames(page);
  });

  afterAll(async () => {
    publisher.kill();
    await browser.close();
    await closeTestPlatforms();
  });

  test('hls.js in its default configuration gets each message at its frame, and shows the captions', async () => {
    await waitFor('messages', async () => (await spokenFrames(page)).length >= CUES);
    await waitFor('captions', async () => (await shownCaptions(page)).includes('Hello all!'));
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const frames = await takePresentedFrames(page);
    const compared = (await spokenFrames(page)).flatMap(({ startTime, frame }) => {
      const shown = frames.filter(({ frameNumber }) => frameNumber === frame);
      const apart = shown
        .map(({ mediaTimeSeconds }) => mediaTimeSeconds - startTime)
        .filter((seconds) => Math.abs(seconds) < CLIP.seconds / 2);
      return apart;
    });
    console.log(compared, JSON.stringify(await page.evaluate(readTracks)), frames.slice(0, 5));
    expect(compared.length).toBeGreaterThan(1);
    expect(Math.max(...compared)).toBeLessThan(NEAR_SECONDS);
  });

  test('every playlist has the break', async () => {
    for (const rendition of ['480p', '360p', 'audio']) {
      const playlist = await fetchMediaPlaylist(stream, rendition);
      console.log(playlist.slice(0, 900));
      expect(dateRanges(playlist)).toHaveLength(2);
    }
  });
});
