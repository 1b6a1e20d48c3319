import type { Page } from 'playwright-core';
import { type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { ID3_SCHEME } from '#encoder/package/event-message.ts';
import { type AmfValue, encodeAmf0 } from '#kit/amf0.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import { dashErrors, openDashPage } from '#kit/dash-page.ts';
import { type PresentedFrame, takePresentedFrames, watchPresentedFrames } from '#kit/frame-counter.ts';
import { openHlsJsPage } from '#kit/hls-js-page.ts';
import { type DueTag, publishTags, type TagPublisher } from '#kit/tag-publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { parseAttributes, playlistLines } from '#scripts/check-hls/playlist/playlist-lines.ts';
import { fetchMediaPlaylist, SMALL_CLIP, waitUntilPlayable } from '#test/support/broadcast.ts';
import { type CaptionBytes, captionSei, toSample, withOddParity } from '#test/support/captions.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';
import { spliceInsert } from '#test/support/splice-sections.ts';

/** One small rendition, so that FFmpeg keeps up on a busy machine. */
const FRAMES_PER_SECOND = 15;
const CLIP = { ...SMALL_CLIP, frameRate: String(FRAMES_PER_SECOND) };
const CLIP_FRAMES = CLIP.seconds * FRAMES_PER_SECOND;
/** The publisher says the number of the frame, once a second. */
const SPEAKING_FRAME = 7;
const OUT_FRAME = 22;
const NEAR_SECONDS = 2 / FRAMES_PER_SECOND;
const COMPARED_MESSAGES = 3;
const CAPTION = 'Hello all!';
/** An end nobody knows, so that the playlists list it for as long as the test takes. */
const BREAK = spliceInsert(7, true);

/** Roll-up captions (CTA-608-E 7.4): the mode, a new line, and then the text, two letters a frame. */
const CAPTION_PAIRS: readonly (readonly [number, number])[] = [
  ...[
    [0x14, 0x25],
    [0x14, 0x25],
    [0x14, 0x2d],
    [0x14, 0x2d],
  ],
  ...[...CAPTION.matchAll(/../g)].map(([pair]) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
] as [number, number][];

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
  const said = [
    ...(frame % FRAMES_PER_SECOND === SPEAKING_FRAME
      ? [message('onTextData', { frame: frame % CLIP_FRAMES }, sent)]
      : []),
    ...(frame === OUT_FRAME
      ? [message('onCuePoint', { name: 'scte35', parameters: { cue: BREAK.toString('base64') } }, sent)]
      : []),
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

const DASH_PLAYERS = ['dash.js', 'Shaka Player'] as const;

/** What the page uses of the players of DASH. */
type DashDataWindow = typeof globalThis & {
  readonly dashPlayer?: {
    on?(type: string, listener: (event: { event: { messageData: Uint8Array } }) => void): void;
    addEventListener?(type: string, listener: (event: { detail: { messageData: Uint8Array } }) => void): void;
    getTracksFor?(type: string): { id: string }[];
    getTextTracks?(): { originalTextId: string }[];
  };
  dashMessages?: string[];
};

/** Runs in the page, and must not refer to anything outside itself. */
function watchDashMessages(scheme: string): void {
  const scope = globalThis as DashDataWindow;
  const messages: string[] = [];
  scope.dashMessages = messages;
  const hear = (data: Uint8Array) => messages.push(new TextDecoder('latin1').decode(data));
  const player = scope.dashPlayer;
  if (player?.on !== undefined) player.on(scheme, ({ event }) => hear(event.messageData));
  else player?.addEventListener?.('emsg', ({ detail }) => hear(detail.messageData));
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

async function captionCues(page: Page): Promise<{ startTime: number; text: string }[]> {
  const tracks = await page.evaluate(readTracks);
  const cues = tracks.filter(({ kind }) => kind === 'captions').flatMap((track) => track.cues);
  return cues.map(({ startTime, text }) => ({ startTime, text: text.trim() }));
}

const shownCaptions = async (page: Page): Promise<string[]> => (await captionCues(page)).map(({ text }) => text);

const dateRanges = (playlist: string) =>
  playlistLines(playlist)
    .filter(({ name }) => name === 'EXT-X-DATERANGE')
    .map(({ value }) => parseAttributes(value));

/** Frames and messages so far: how far the time of each message is from that of its frame, if that was seen. */
class Comparison {
  readonly #frames: PresentedFrame[] = [];

  async apartSeconds(page: Page): Promise<number[]> {
    this.#frames.push(...(await takePresentedFrames(page)));
    return (await spokenFrames(page)).flatMap(({ startTime, frame }) =>
      this.#frames
        .filter(({ frameNumber }) => frameNumber === frame)
        .map(({ mediaTimeSeconds }) => Math.abs(mediaTimeSeconds - startTime))
        // The clip is repeated.
        .filter((seconds) => seconds < CLIP.seconds / 2),
    );
  }
}

describe('captions and data of a publisher', () => {
  let platform: TestPlatform;
  let browser: TestBrowser;
  let stream: TestStream;
  let publisher: TagPublisher;
  let page: Page;
  const comparison = new Comparison();

  beforeAll(async () => {
    platform = await startTestPlatform();
    browser = await launchBrowser();
    stream = await platform.createStream({ ladder: '360p' });
    publisher = await publishTags({
      rtmpPort: platform.rtmpPort,
      streamKey: stream.streamKey,
      clipPath: await makeClip(CLIP),
      change: speaking,
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
    await waitFor('captions', async () => (await shownCaptions(page)).includes(CAPTION));
    const apart = await waitFor('messages at their frames', async () => {
      const seconds = await comparison.apartSeconds(page);
      return seconds.length >= COMPARED_MESSAGES && seconds;
    });
    expect(Math.max(...apart)).toBeLessThan(NEAR_SECONDS);
  });

  test('the playlists tell the title, and a break in every rendition', async () => {
    expect(await waitUntilPlayable(stream)).toContain('DATA-ID="com.apple.hls.title",VALUE="Test"');
    const breaks = await Promise.all(
      ['360p', 'audio'].map(async (rendition) => dateRanges(await fetchMediaPlaylist(stream, rendition))),
    );
    expect(breaks[0]).toHaveLength(1);
    expect(breaks[0]?.[0]?.get('SCTE35-OUT')).toBe(`0x${BREAK.toString('hex').toUpperCase()}`);
    for (const others of breaks) expect(others).toEqual(breaks[0]);
  });

  test('players of DASH get the messages, and find the captions', async () => {
    const pages = await Promise.all(
      DASH_PLAYERS.map((name) => openDashPage(browser, name, `${stream.liveUrl}/manifest.mpd`)),
    );
    await Promise.all(pages.map((dashPage) => dashPage.evaluate(watchDashMessages, ID3_SCHEME)));
    for (const dashPage of pages) {
      const heard = await waitFor('messages', async () => {
        const messages = await dashPage.evaluate(() => (globalThis as DashDataWindow).dashMessages ?? []);
        return messages.length >= COMPARED_MESSAGES && messages;
      });
      for (const id3 of heard) expect(id3).toContain('onTextData');
      const captions = await dashPage.evaluate(() => {
        const { dashPlayer } = globalThis as DashDataWindow;
        return (
          dashPlayer?.getTracksFor?.('text').map(({ id }) => id) ??
          dashPlayer?.getTextTracks?.().map(({ originalTextId }) => originalTextId)
        );
      });
      expect(captions).toEqual(['CC1']);
      expect(await dashErrors(dashPage)).toEqual([]);
      await dashPage.close();
    }
  });

  test('messages go on when FFmpeg dies', async () => {
    const [before] = await platform.ffmpegPids();
    if (before === undefined) throw new Error('no FFmpeg runs');
    process.kill(before, 'SIGKILL');
    await waitFor('another FFmpeg', async () => (await platform.ffmpegPids()).some((pid) => pid !== before));
    const sinceSeconds = await page.evaluate(() => {
      const buffered = document.querySelector('video')?.buffered;
      return buffered === undefined || buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
    });
    const isLater = ({ startTime }: { startTime: number }) => startTime > sinceSeconds;
    await waitFor('a message', async () => (await spokenFrames(page)).filter(isLater).length >= COMPARED_MESSAGES);
    expect(Math.max(...(await comparison.apartSeconds(page)))).toBeLessThan(NEAR_SECONDS);
  });
});
