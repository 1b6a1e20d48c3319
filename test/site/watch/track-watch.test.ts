import { gainsTrack, type OfferedTracks, TRACK_CHECK_MS } from '#site/watch/track-watch.ts';

const SOUND = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2"\naudio/media.m3u8\n';
const PICTURE = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001e",RESOLUTION=640x360\n360p/media.m3u8\n';
const BOTH =
  '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,AUDIO="audio"\n360p/media.m3u8\n';

/** What comes of these answers, one after the other; a number is a status without a playlist, and null no answer. */
async function watchTracks(
  answers: (string | number | null)[],
  signal = new AbortController().signal,
  firstOffer: OfferedTracks | null = null,
) {
  const sleeps: number[] = [];
  const left = [...answers];
  const gained = await gainsTrack({
    firstOffer: Promise.resolve(firstOffer),
    masterUrl: 'http://localhost/live/id/master.m3u8',
    fetch: async () => {
      const answer = left.shift();
      if (answer === undefined) throw new Error('asked too often');
      if (answer === null) throw new TypeError('no network');
      return typeof answer === 'number' ? new Response(null, { status: answer }) : new Response(answer);
    },
    sleep: async (milliseconds) => {
      sleeps.push(milliseconds);
    },
    signal,
  });
  return { gained, sleeps, left: left.length };
}

test.each([
  ['a picture', [SOUND, SOUND, BOTH]],
  ['sound', [PICTURE, PICTURE, BOTH]],
])('a stream that gains %s is asked again until it has', async (_what, answers) => {
  expect(await watchTracks(answers)).toEqual({ gained: true, sleeps: [TRACK_CHECK_MS, TRACK_CHECK_MS], left: 0 });
});

test('a stream that has both is asked once', async () => {
  expect(await watchTracks([BOTH, BOTH])).toEqual({ gained: false, sleeps: [], left: 1 });
});

test('what playback has read of the playlist is not asked again', async () => {
  const { signal } = new AbortController();
  const complete = { hasPicture: true, hasSound: true };
  expect(await watchTracks([], signal, complete)).toEqual({ gained: false, sleeps: [], left: 0 });
  const silent = { hasPicture: true, hasSound: false };
  expect(await watchTracks([BOTH], signal, silent)).toEqual({ gained: true, sleeps: [TRACK_CHECK_MS], left: 0 });
});

test.each([[null], [404], [503]])('an answer of %s says nothing', async (failure) => {
  expect(await watchTracks([failure, SOUND, failure, BOTH])).toMatchObject({ gained: true, left: 0 });
});

test('nothing is asked after the end', async () => {
  expect(await watchTracks([], AbortSignal.abort())).toMatchObject({ gained: false });
});
