import { once } from 'node:events';
import { createServer } from 'node:http';
import { isPlayable, mediaPlaylistUris } from '#kit/first-playlist.ts';

const MULTIVARIANT = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="audio",URI="audio/media.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"
720p/media.m3u8
`;
const EMPTY = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n';
const PART = `${EMPTY}#EXT-X-PART:DURATION=0.5,URI="1.0.m4s"\n`;
const SEGMENT = `${EMPTY}#EXTINF:2,\n1.m4s\n`;

async function isPlayableWith(files: Readonly<Record<string, string>>): Promise<boolean> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  try {
    return await isPlayable(`http://127.0.0.1:${address.port}/x/master.m3u8`, new AbortController().signal);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('finds the media playlists of variants and of renditions', () => {
  expect(mediaPlaylistUris(MULTIVARIANT)).toEqual(['720p/media.m3u8', 'audio/media.m3u8']);
  expect(mediaPlaylistUris(MULTIVARIANT.replaceAll('\n', '\r\n'))).toEqual(['720p/media.m3u8', 'audio/media.m3u8']);
});

test.each([
  { what: 'nothing there', files: {}, expected: false },
  { what: 'a multivariant playlist of nothing', files: { '/x/master.m3u8': '#EXTM3U\n' }, expected: false },
  {
    what: 'a media playlist missing',
    files: { '/x/master.m3u8': MULTIVARIANT, '/x/720p/media.m3u8': PART },
    expected: false,
  },
  {
    what: 'a media playlist without media',
    files: { '/x/master.m3u8': MULTIVARIANT, '/x/720p/media.m3u8': PART, '/x/audio/media.m3u8': EMPTY },
    expected: false,
  },
  {
    what: 'parts and segments everywhere',
    files: { '/x/master.m3u8': MULTIVARIANT, '/x/720p/media.m3u8': PART, '/x/audio/media.m3u8': SEGMENT },
    expected: true,
  },
])('$what: playable is $expected', async ({ files, expected }) => {
  expect(await isPlayableWith(files)).toBe(expected);
});
