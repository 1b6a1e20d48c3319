import { checkMediaPlaylist } from '#kit/playlist-checker.ts';
import { checkMultivariantPlaylist } from './multivariant-checker.ts';
import { PlaylistHistory } from './playlist-history.ts';

/** Five segments, with parts in the last three, and an open one with one part. */
const CONFORMING = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.00000,HOLD-BACK=6.00000,CAN-SKIP-UNTIL=12.00000
#EXT-X-PART-INF:PART-TARGET=1.00000
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="7-init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:00.000Z
#EXTINF:2.00000,
7-10.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:02.000Z
#EXTINF:2.00000,
7-11.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="8-init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:09.000Z
#EXT-X-PART:DURATION=1.00000,URI="8-12.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.60000,URI="8-12.1.m4s"
#EXTINF:1.60000,
8-12.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:10.600Z
#EXT-X-PART:DURATION=1.00000,URI="8-13.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=1.00000,URI="8-13.1.m4s"
#EXTINF:2.00000,
8-13.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:12.600Z
#EXT-X-PART:DURATION=1.00000,URI="8-14.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=1.00000,URI="8-14.1.m4s"
#EXTINF:2.00000,
8-14.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:14.600Z
#EXT-X-PART:DURATION=0.90000,URI="8-15.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="8-15.1.m4s"
#EXT-X-RENDITION-REPORT:URI="../audio/media.m3u8",LAST-MSN=15,LAST-PART=0
`;
const REPORTS = ['../audio/media.m3u8'];

/** The playlist with one change. Throws if there is nothing to change. */
function changed(from: string | RegExp, to: string, text = CONFORMING): string {
  const result = text.replace(from, to);
  if (result === text) throw new Error(`${from} is not in the playlist`);
  return result;
}

test('a conforming playlist has no violation', () => {
  expect(checkMediaPlaylist(CONFORMING, { reportUris: REPORTS })).toEqual([]);
});

test('text that is not a playlist throws', () => {
  expect(() => checkMediaPlaylist('<html>')).toThrow('#EXTM3U');
});

const VIOLATIONS: readonly (readonly [violation: string, from: string | RegExp, to: string])[] = [
  ['EXT-X-VERSION is 8, 9 is needed', 'VERSION:9', 'VERSION:8'],
  ['EXT-X-VERSION must be there once', '#EXT-X-VERSION:9\n', ''],
  ['EXT-X-TARGETDURATION is no integer', 'TARGETDURATION:2', 'TARGETDURATION:2.5'],
  ['EXT-X-MEDIA-SEQUENCE must be there once', '#EXT-X-MAP', '#EXT-X-MEDIA-SEQUENCE:10\n#EXT-X-MAP'],
  ['EXT-X-INDEPENDENT-SEGMENTS is missing', '#EXT-X-INDEPENDENT-SEGMENTS\n', ''],
  ['no segment is listed', /#EXT-X-MAP.*(?=#EXT-X-REND)/s, ''],
  ['CAN-BLOCK-RELOAD is not YES', 'CAN-BLOCK-RELOAD=YES', 'CAN-BLOCK-RELOAD=NO'],
  ['HOLD-BACK is 5.9', ',HOLD-BACK=6.00000', ',HOLD-BACK=5.90000'],
  ['HOLD-BACK is NaN', ',HOLD-BACK=6.00000', ''],
  ['PART-HOLD-BACK is 2.99999', 'PART-HOLD-BACK=3.00000', 'PART-HOLD-BACK=2.99999'],
  ['CAN-SKIP-UNTIL is 11', 'CAN-SKIP-UNTIL=12.00000', 'CAN-SKIP-UNTIL=11.00000'],
  ['segment 10 has no EXTINF', '#EXTINF:2.00000,\n7-10', '7-10'],
  ['segment 10 lasts 2.5 s, more than TARGETDURATION', '#EXTINF:2.00000,\n7-10', '#EXTINF:2.50000,\n7-10'],
  ['segment 13 lasts 1.99 s, its parts 2.00000 s', '#EXTINF:2.00000,\n8-13', '#EXTINF:1.99000,\n8-13'],
  ['part 8-13.1.m4s is longer than PART-TARGET', '1.00000,URI="8-13.1', '1.00001,URI="8-13.1'],
  ['part 8-12.0.m4s is below 85 % of PART-TARGET', '1.00000,URI="8-12.0', '0.84000,URI="8-12.0'],
  ['part 8-15.0.m4s is below 85 % of PART-TARGET', '0.90000,URI="8-15.0', '0.84000,URI="8-15.0'],
  ['parts without EXT-X-PART-INF', '#EXT-X-PART-INF:PART-TARGET=1.00000\n', ''],
  ['segment 13 lists no parts', /#EXT-X-PART:.*8-13.0.*\n#EXT-X-PART:.*8-13.1.*\n/, ''],
  ['segment 11 lists parts though it is too old', '#EXTINF:2.00000,\n7-11', `${part('7-11.0')}#EXTINF:2.00000,\n7-11`],
  ['segment 8-13.m4s is number 12 of the playlist', /#EXT-X-DISCONTINUITY\n.*8-12.m4s\n/s, ''],
  ['segment 9-x.m4s is number 10 of the playlist', '7-10.m4s', '9-x.m4s'],
  ['part 8-13.2.m4s is part 1 of segment 13', '8-13.1.m4s', '8-13.2.m4s'],
  ['part 8-14.0.m4s is part 0 of segment 13', '8-13.0.m4s', '8-14.0.m4s'],
  ['the first segment has no EXT-X-MAP', '#EXT-X-MAP:URI="7-init.mp4"\n', ''],
  ['segment 12 is of epoch 8, its map of 7', '#EXT-X-MAP:URI="8-init.mp4"\n', ''],
  ['segment 11 has a new map, no discontinuity', /(.*:02.000Z\n)/, '#EXT-X-MAP:URI="6-init.mp4"\n$1'],
  ['segment 11 has no date', /#EXT-X-PROGRAM-DATE-TIME:.*:02.000Z\n/, ''],
  ['the date of segment 11 is 3.00 ms off', ':02.000Z', ':02.003Z'],
  ['the date of segment 15 is -3.00 ms off', ':14.600Z', ':14.597Z'],
  ['EXT-X-MAP of segment 12 follows its first part', /(.*8-init.*\n)(.*\n.*\n)/, '$2$1'],
  ['EXT-X-SKIP was not asked for', '#EXT-X-MAP', '#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-MAP'],
  ['EXT-X-PRELOAD-HINT names 8-15.2.m4s, the next part is 8-15.1', '8-15.1.m4s', '8-15.2.m4s'],
  ['EXT-X-PRELOAD-HINT names 7-15.1.m4s, the next part is 8-15.1', '8-15.1.m4s', '7-15.1.m4s'],
  ['EXT-X-PRELOAD-HINT names 9-16.1.m4s, the next part is 8-15.1', '8-15.1.m4s', '9-16.1.m4s'],
  ['EXT-X-PRELOAD-HINT is not of TYPE PART', 'TYPE=PART', 'TYPE=MAP'],
  ['EXT-X-PRELOAD-HINT where nothing follows', /$/, '#EXT-X-ENDLIST\n'],
  ['EXT-X-RENDITION-REPORT in an ended playlist', /$/, '#EXT-X-ENDLIST\n'],
  ['the last segment of an ended playlist is open', /$/, '#EXT-X-ENDLIST\n'],
  ['EXT-X-ENDLIST is not the last tag', '#EXT-X-VERSION', '#EXT-X-ENDLIST\n#EXT-X-VERSION'],
  ['../audio/media.m3u8 must be reported once', /#EXT-X-REND.*\n/, ''],
  ['../720p/media.m3u8 is reported, it is no other rendition', '../audio', '../720p'],
  ['the report of ../audio/media.m3u8 has no LAST-MSN', 'LAST-MSN=15,', ''],
  ['LAST-PART of ../audio/media.m3u8 does not go with PART-INF', ',LAST-PART=0', ''],
];

function part(name: string): string {
  return `#EXT-X-PART:DURATION=1.00000,URI="${name}.m4s"\n#EXT-X-PART:DURATION=1.00000,URI="${name.replace('.0', '.1')}.m4s"\n`;
}

test.each(VIOLATIONS)('%s', (violation, from, to) => {
  const violations = checkMediaPlaylist(changed(from, to), { reportUris: REPORTS });
  expect(violations).toContainEqual(expect.stringContaining(violation));
});

test('the part before a gap, a gap and the last part of a segment may be short', () => {
  const beforeGap = changed('DURATION=1.00000,URI="8-14.0', 'DURATION=0.10000,URI="8-14.0');
  const gap = changed('URI="8-14.1.m4s"', 'URI="8-14.1.m4s",GAP=YES', beforeGap);
  expect(checkMediaPlaylist(gap)).not.toContainEqual(expect.stringContaining('85 %'));
});

test('a gap needs no map', () => {
  const withoutMap = changed('#EXT-X-MAP:URI="7-init.mp4"\n', '');
  expect(
    checkMediaPlaylist(changed('#EXTINF:2.00000,\n7-10', '#EXT-X-GAP\n#EXTINF:2.00000,\n7-10', withoutMap)),
  ).toEqual([]);
});

test('a run may go on with the map of the run before it', () => {
  const goesOn = changed(/8-(?=1[345])/g, '9-');
  expect(checkMediaPlaylist(goesOn)).toEqual([]);
  expect(checkMediaPlaylist(changed(/8-15/g, '6-15'))).toContain('segment 15 is of epoch 6, its map of 8');
});

test('the hint may name the first part of a run that has begun', () => {
  expect(checkMediaPlaylist(changed('8-15.1.m4s', '9-16.0.m4s'))).toEqual([]);
});

describe('delta updates', () => {
  /** Sixteen segments without parts, the first `skipped` of them left out. */
  function plain(skipped: number, tags = `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}\n`): string {
    const segments = Array.from({ length: 16 - skipped }, (_, index) => {
      const msn = skipped + index;
      const map = msn === 0 ? '#EXT-X-MAP:URI="7-init.mp4"\n' : '';
      const date = new Date(Date.UTC(2026, 5, 1) + msn * 2000).toISOString();
      return `${map}#EXT-X-PROGRAM-DATE-TIME:${date}\n#EXTINF:2.00000,\n7-${msn}.m4s\n`;
    });
    return `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6,CAN-SKIP-UNTIL=12
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-INDEPENDENT-SEGMENTS
${tags}${segments.join('')}`;
  }

  test('skipping up to the boundary conforms', () => {
    expect(checkMediaPlaylist(plain(0, ''))).toEqual([]);
    expect(checkMediaPlaylist(plain(10), { isDeltaAllowed: true })).toEqual([]);
  });

  test.each([
    ['reaches past the skip boundary', plain(11)],
    ['more than once', plain(10, '#EXT-X-SKIP:SKIPPED-SEGMENTS=10\n#EXT-X-SKIP:SKIPPED-SEGMENTS=10\n')],
    ['skips 0 segments', plain(0)],
  ])('a violation: %s', (violation, text) => {
    expect(checkMediaPlaylist(text, { isDeltaAllowed: true })).toContainEqual(expect.stringContaining(violation));
  });

  test('skipping segments that were never listed is a violation', () => {
    const history = new PlaylistHistory();
    expect(history.add(plain(10), { isDeltaAllowed: true })).toEqual([
      'a delta update skips segments that were never listed',
    ]);
    const complete = new PlaylistHistory();
    complete.add(plain(0, ''));
    expect(complete.add(plain(10), { isDeltaAllowed: true })).toEqual([]);
  });
});

describe('history', () => {
  const NEXT = changed(
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="8-15.1',
    '#EXT-X-PART:DURATION=1.00000,URI="8-15.1.m4s"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="8-15.2',
  );
  /** The two segments of epoch 7 have left, and with them the discontinuity tag. */
  const SLID = changed(
    /#EXT-X-MAP:URI="7.*#EXT-X-DISCONTINUITY\n/s,
    '',
    changed(
      'MEDIA-SEQUENCE:10',
      'MEDIA-SEQUENCE:12',
      changed('DISCONTINUITY-SEQUENCE:3', 'DISCONTINUITY-SEQUENCE:4', NEXT),
    ),
  );

  function violationsOf(...texts: string[]): string[] {
    const history = new PlaylistHistory();
    return texts.flatMap((text) => history.add(text));
  }

  test('a playlist that grows and slides conforms', () => {
    expect(violationsOf(CONFORMING, CONFORMING, NEXT, SLID)).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['EXT-X-MEDIA-SEQUENCE went back', SLID, NEXT],
    ['EXT-X-DISCONTINUITY-SEQUENCE went back', SLID, NEXT],
    ['the end of the playlist went back', NEXT, CONFORMING],
    ['EXT-X-TARGETDURATION changed', CONFORMING, changed('TARGETDURATION:2', 'TARGETDURATION:3')],
    ['PART-TARGET changed', CONFORMING, changed('TARGET=1.00000', 'TARGET=0.90000')],
    ['PART-TARGET changed', CONFORMING, changed('TARGET=1.00000', 'TARGET=1.10000')],
    ['the discontinuity number of segment 12 changed', NEXT, changed('SEQUENCE:4', 'SEQUENCE:3', SLID)],
    ['the date of segment 13 changed', CONFORMING, changed(':10.600Z', ':10.601Z')],
    ['the name of segment 11 changed', CONFORMING, changed('7-11.m4s', '6-11.m4s')],
    ['the duration of segment 13 changed', CONFORMING, changed('#EXTINF:2.00000,\n8-13', '#EXTINF:2.00001,\n8-13')],
    ['the parts of segment 14 changed', CONFORMING, changed('8-14.1.m4s', '8-14.2.m4s')],
    ['the parts of segment 14 changed', CONFORMING, changed(/.*8-14.1.m4s.*\n/, '')],
    ['8-15.1.m4s was hinted at and 8-15.2.m4s came', CONFORMING, changed('8-15.1.m4s', '8-15.2.m4s', NEXT)],
    ['the playlist goes on after EXT-X-ENDLIST', changed(/#EXT-X-PART:[^\n]*8-15.*/s, '#EXT-X-ENDLIST\n'), CONFORMING],
  ])('%s', (violation, before, after) => {
    expect(violationsOf(before, after)).toContain(violation);
  });
});

describe('multivariant playlists', () => {
  const MULTIVARIANT = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",CHANNELS="2",URI="audio/media.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=300,AVERAGE-BANDWIDTH=200,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
720p/media.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=200,AVERAGE-BANDWIDTH=100,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
360p/media.m3u8
`;

  function captions(...channels: readonly string[]): string {
    return channels
      .map(
        (channel, index) =>
          `#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="${index}",AUTOSELECT=YES,INSTREAM-ID="${channel}"\n`,
      )
      .join('');
  }

  test('a conforming one has no violation', () => {
    expect(checkMultivariantPlaylist(MULTIVARIANT)).toEqual([]);
  });

  test.each<[string, string | RegExp, string]>([
    ['no variant is listed', /#EXT-X-STREAM.*/s, ''],
    ['two variants have the same URI', '360p/', '720p/'],
    ['EXT-X-INDEPENDENT-SEGMENTS is missing', '#EXT-X-INDEPENDENT-SEGMENTS\n', ''],
    ['CLOSED-CAPTIONS must be the same on all variants', ',CLOSED-CAPTIONS=NONE', ''],
    ['names the CLOSED-CAPTIONS group cc, which no', /CLOSED-CAPTIONS=NONE/g, 'CLOSED-CAPTIONS="cc"'],
    ['two closed captions have the same INSTREAM-ID', /(?=#EXT-X-STREAM-INF.*BANDWIDTH=300)/, captions('CC1', 'CC1')],
    ['two closed captions are AUTOSELECT', /(?=#EXT-X-STREAM-INF.*BANDWIDTH=300)/, captions('CC1', 'CC3')],
    ['have a URI, or no INSTREAM-ID', /(?=#EXT-X-STREAM-INF.*BANDWIDTH=300)/, captions('CC9', 'CC1')],
    ['EXT-X-MEDIA has no CHANNELS', ',CHANNELS="2"', ''],
    ['EXT-X-MEDIA has no GROUP-ID', 'GROUP-ID="audio",', ''],
    ['variant  has no URI', '720p/media.m3u8\n', ''],
    ['variant 720p/media.m3u8 has no BANDWIDTH', ':BANDWIDTH=300,', ':'],
    ['variant 720p/media.m3u8 has no AVERAGE-BANDWIDTH', 'AVERAGE-BANDWIDTH=200,', ''],
    ['variant 720p/media.m3u8 has an AVERAGE-BANDWIDTH above', 'AVERAGE-BANDWIDTH=200', 'AVERAGE-BANDWIDTH=301'],
    ['variant 720p/media.m3u8 has CODECS ""', 'avc1.64001f,mp4a.40.2', ''],
    ['variant 720p/media.m3u8 has video and no RESOLUTION', 'RESOLUTION=1280x720,', ''],
    ['variant 720p/media.m3u8 has video and no FRAME-RATE', 'FRAME-RATE=30.000,', ''],
    ['variant 720p/media.m3u8 has an AUDIO group and no audio codec', 'avc1.64001f,mp4a.40.2', 'avc1.64001f'],
    ['variant 720p/media.m3u8 names the AUDIO group sound', 'AUDIO="audio",CLOSED', 'AUDIO="sound",CLOSED'],
  ])('%s', (violation, from, to) => {
    expect(checkMultivariantPlaylist(changed(from, to, MULTIVARIANT))).toContainEqual(
      expect.stringContaining(violation),
    );
  });
});
