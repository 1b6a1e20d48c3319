import type { TimedResponse } from '#scripts/check-hls/http-client.ts';
import { measurePicture } from '#scripts/probe/picture-delays.ts';
import { PlayedAnswers } from '#scripts/probe/played-answers.ts';
import { PlayedParts } from '#scripts/probe/played-parts.ts';

const BASE = 'https://live.example.com/t/token/live/tabcdefghijklmnop';

const answer = (file: string, body = '', more: Partial<TimedResponse> = {}): TimedResponse => ({
  ...{ url: `${BASE}/${file}`, status: 200, headers: {}, body: Buffer.from(body) },
  ...{ startedAtMs: 0, firstByteAtMs: 0, endedAtMs: 0, ...more },
});

describe('answers', () => {
  test.each([
    ['master.m3u8', 'multivariant-playlist'],
    ['360p/media.m3u8', 'media-playlist'],
    ['360p/media.m3u8?_HLS_msn=7&_HLS_part=1', 'blocking-playlist'],
    ['360p/1000-init.mp4', 'init'],
    ['360p/1000-7.m4s', 'segment'],
    ['360p/1000-7.0.m4s', 'part'],
    ['status.json', 'status'],
  ] as const)('%s is of the kind %s', (file, kind) => {
    const answers = new PlayedAnswers();
    answers.add(answer(file, '', { headers: { 'cache-control': 'a' } }));
    answers.add(answer(file));
    answers.add(answer(file, '', { status: 404, headers: { 'cache-control': 'b' } }));
    expect(answers.valuesOf(kind, 'cache-control')).toEqual(['a', '']);
    expect(answers.newestUrls()).toEqual([`${BASE}/${file}`]);
  });
});

describe('parts', () => {
  const playlist = (parts: string): string => `#EXTM3U
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="1-init.mp4"
${parts}`;
  const part = (index: number, more = ''): string => `#EXT-X-PART:DURATION=0.5,URI="1-7.${index}.m4s"${more}\n`;
  const INDEPENDENT = ',INDEPENDENT=YES';

  const played = (...media: readonly string[]): PlayedParts => {
    const parts = new PlayedParts();
    parts.add(answer('master.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n360p/media.m3u8\n'));
    parts.add(answer('360p/media.m3u8', playlist(part(0) + part(1, INDEPENDENT))));
    parts.settle();
    parts.add(answer('360p/media.m3u8', playlist(part(0) + part(1, INDEPENDENT) + part(2) + part(3))));
    for (const name of media) parts.add(answer(`360p/${name}`, name));
    return parts;
  };

  test('begin with the first that can be decoded by itself, and say which were there before', () => {
    const parts = played('1-init.mp4', '1-7.0.m4s', '1-7.1.m4s', '1-7.2.m4s', '1-7.m4s');
    expect(parts.holdBackSeconds).toBe(1.5);
    const playable = parts.playable();
    expect(playable.init.toString()).toBe('1-init.mp4');
    expect(playable.parts.map(({ media, isSettled }) => [media.toString(), isSettled])).toEqual([
      ['1-7.1.m4s', false],
      ['1-7.2.m4s', true],
    ]);
  });

  test('end where one has not come, also if a later one has', () => {
    expect(played('1-init.mp4', '1-7.1.m4s', '1-7.3.m4s').playable().parts).toHaveLength(1);
  });

  test('of other renditions do not count, and without any there is nothing to decode', () => {
    const parts = played('1-init.mp4');
    parts.add(answer('audio/1-7.1.m4s'));
    expect(() => parts.playable()).toThrow('no video that can be decoded');
  });

  test('need an init section', () => {
    expect(() => played('1-7.1.m4s').playable()).toThrow('no video that can be decoded');
  });
});

describe('the delay', () => {
  /** Two frames a part. Frame n was captured at n x 100 ms; parts come so many milliseconds after their last frame. */
  const measure = (latenessMs: readonly number[], numbers?: readonly (number | null)[], settledFrom = 0) => {
    const parts = latenessMs.map((lateMs, index) => ({
      ...{ durationSeconds: 0.2, arrivedAtMs: (index * 2 + 1) * 100 + lateMs, media: Buffer.alloc(0) },
      isSettled: index >= settledFrom,
    }));
    const captureTimeMs = (frameNumber: number) => frameNumber * 100;
    const shown = numbers ?? latenessMs.flatMap((_, index) => [index * 2, index * 2 + 1]);
    const init = Buffer.alloc(0);
    return measurePicture(shown, {
      ...{ parts: { init, parts }, framesPerSecond: 10, clipFrames: 6, holdBackSeconds: 1, captureTimeMs },
    });
  };

  test('is the hold-back, and how long the newest part takes from its end', () => {
    // A part ends a frame after its last frame was captured.
    expect(measure([350, 300, 350])).toMatchObject({
      ...{ delayP50Ms: 1_200, delayP95Ms: 1_200, arrivalP50Ms: 350, stalls: 0, stalledMs: 0 },
    });
  });

  test('grows by what a part is later than the hold-back can bear, until the player has caught up', () => {
    expect(measure([300, 1_400])).toMatchObject({ delayP50Ms: 1_200, delayP95Ms: 1_500, stalls: 1, stalledMs: 300 });
    // Each part of 200 ms makes up for 10 ms.
    const later = Array.from({ length: 40 }, () => 300);
    expect(measure([1_400, ...later])).toMatchObject({ delayP50Ms: 1_300, delayP95Ms: 1_480, stalls: 1 });
  });

  test('does not count what came before the viewer had settled', () => {
    expect(measure([9_000, 300, 300], undefined, 1)).toMatchObject({ delayP95Ms: 1_200, stalls: 0 });
  });

  test('is unknown if no frame can be read', () => {
    expect(measure([300], [null, null])).toMatchObject({ delayP50Ms: null, frames: 2, unreadable: 2, jumps: 0 });
  });

  test('comes with the number of frames that do not follow the one before; the counter starts again', () => {
    expect(measure([300, 300, 300], [3, 4, 5, 0, 2, 2])).toMatchObject({ frames: 6, unreadable: 0, jumps: 2 });
  });
});
