import { type Box, BoxStream } from '#encoder/package/box-stream.ts';
import { buildCmafChunk } from '#encoder/package/cmaf-chunk.ts';
import { parseFragment, type Sample } from '#encoder/package/fragment.ts';
import { type InitSection, parseInitSection } from '#encoder/package/init-section.ts';
import { type EncodedTrack, encodeRun, FPS_30 } from '#test/support/encoded-run.ts';

function boxes(data: Buffer): Box[] {
  return new BoxStream().push(Buffer.from(data));
}

function boxOf(data: Buffer, type: string): Box {
  const found = boxes(data).find((box) => box.type === type);
  if (found === undefined) throw new Error(`no ${type}`);
  return found;
}

function initOf({ header }: EncodedTrack): InitSection {
  return parseInitSection(boxOf(header, 'ftyp'), boxOf(header, 'moov'));
}

function samplesOf(data: Buffer, init: InitSection): Sample[] {
  return parseFragment(boxOf(data, 'moof'), boxOf(data, 'mdat'), init.defaults);
}

async function trackOf(name: string, bFrames = 0): Promise<EncodedTrack> {
  const { tracks } = await encodeRun({ video: { frameRate: FPS_30, keyframeFrames: 60, bFrames } });
  const track = tracks.get(name);
  if (track === undefined) throw new Error(`no ${name}`);
  return track;
}

/** A chunk's header that leaves its samples where they are. */
function headerOf(samples: readonly Sample[], trackId = 1) {
  return { trackId, sequenceNumber: 3, decodeTicks: samples[0]?.decodeTicks ?? 0 };
}

describe('init sections', () => {
  test.each([
    ['480p', 90_000, /^avc1\.42c00a$/],
    ['audio', 48_000, /^mp4a\.40\.2$/],
  ])('of %s: timescale and codec string', async (name, timescale, codec) => {
    const init = initOf(await trackOf(name));
    expect(init).toMatchObject({ timescale, trackId: 1, codec: expect.stringMatching(codec) });
  });

  test('lose their edit list and nothing else', async () => {
    const track = await trackOf('audio');
    expect(initOf({ ...track, header: withEditList(track.header) })).toEqual(initOf(track));
    expect(initOf(track).data.indexOf('edts', 0, 'latin1')).toBe(-1);
  });

  /** Adds an edit list to the track, as muxers that shift timestamps do. */
  function withEditList(header: Buffer): Buffer {
    const edts = Buffer.from('00000024656474730000001c656c73740000000000000001000000000000040000010000', 'hex');
    const mdia = header.indexOf('mdia', 0, 'latin1') - 4;
    const longer = Buffer.concat([header.subarray(0, mdia), edts, header.subarray(mdia)]);
    for (const type of ['moov', 'trak']) {
      const offset = longer.indexOf(type, 0, 'latin1') - 4;
      longer.writeUInt32BE(longer.readUInt32BE(offset) + edts.length, offset);
    }
    return longer;
  }

  /** The header with the first `type` box renamed. */
  function renamed(header: Buffer, type: string, name = 'skip'): Buffer {
    const copy = Buffer.from(header);
    copy.write(name, copy.indexOf(type, 0, 'latin1'), 'latin1');
    return copy;
  }

  test.each([
    ['480p', 'trak', 'moov has 0 tracks; one is allowed'],
    ['480p', 'mdhd', 'no mdhd box in mdia'],
    ['480p', 'trex', 'no trex box in mvex'],
    ['480p', 'stsd', 'no stsd box in stbl'],
    ['480p', 'avc1', 'sample entry skip; avc1, hvc1, av01, mp4a are known'],
    ['480p', 'avcC', 'no avcC box in avc1'],
    ['audio', 'esds', 'no esds box in mp4a'],
  ])('of %s without %s are refused', async (name, type, message) => {
    const track = await trackOf(name);
    expect(() => initOf({ ...track, header: renamed(track.header, type) })).toThrow(message);
  });

  test('with timescale 0, and truncated ones, are refused', async () => {
    const track = await trackOf('480p');
    const header = Buffer.from(track.header);
    header.writeUInt32BE(0, header.indexOf('mdhd', 0, 'latin1') + 4 + 12);
    expect(() => initOf({ ...track, header })).toThrow('timescale 0');
    const moov = boxOf(track.header, 'moov').data;
    const endOfNeeded = moov.indexOf('trex', 0, 'latin1') - 4 + 32;
    for (let bytes = 8; bytes < endOfNeeded; bytes++) {
      const cut = { type: 'moov', data: moov.subarray(0, bytes) };
      expect(() => parseInitSection(boxOf(track.header, 'ftyp'), cut)).toThrow();
    }
  });
});

describe('fragments', () => {
  test.each([
    ['480p', 0],
    ['480p', 2],
    ['audio', 0],
  ])('of %s with %i B-frames survive the round trip through a chunk, byte for byte', async (name, bFrames) => {
    const track = await trackOf(name, bFrames);
    const init = initOf(track);
    const samples = track.frames.flatMap((frame) => samplesOf(frame, init));
    expect(samples).toHaveLength(track.frames.length);
    const chunk = buildCmafChunk(headerOf(samples, init.trackId), samples);
    expect(samplesOf(chunk, init)).toEqual(samples);
    expect(boxes(chunk).map(({ type }) => type)).toEqual(['moof', 'mdat']);
  });

  test('B-frames have offsets of both signs, and IDR frames come every two seconds', async () => {
    const track = await trackOf('480p', 2);
    const samples = track.frames.flatMap((frame) => samplesOf(frame, initOf(track)));
    const offsets = samples.map((sample) => sample.compositionOffsetTicks);
    expect(Math.min(...offsets)).toBeLessThan(0);
    expect(Math.max(...offsets)).toBeGreaterThan(0);
    expect(samples.flatMap((sample, index) => (sample.isSync ? [index] : []))).toEqual([0, 60, 120]);
  });

  test('a chunk has a buffer of exactly its size', async () => {
    const track = await trackOf('audio');
    const samples = samplesOf(track.frames[0] ?? Buffer.alloc(0), initOf(track));
    const chunk = buildCmafChunk(headerOf(samples), samples);
    expect(chunk.buffer.byteLength).toBe(chunk.length);
  });

  test('times beyond 32 bits survive', async () => {
    const track = await trackOf('audio');
    const [sample] = samplesOf(track.frames[0] ?? Buffer.alloc(0), initOf(track));
    if (sample === undefined) throw new Error('no sample');
    const late = { ...sample, decodeTicks: 2 ** 40 };
    expect(samplesOf(buildCmafChunk(headerOf([late]), [late]), initOf(track))).toEqual([late]);
  });

  describe('that are malformed', () => {
    const DEFAULTS = { durationTicks: 1, sizeBytes: 0, flags: 0 };

    function uint32s(...values: number[]): Buffer {
      const buffer = Buffer.alloc(values.length * 4);
      for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, index * 4);
      return buffer;
    }

    function box(type: string, ...children: Buffer[]): Buffer {
      const body = Buffer.concat(children);
      return Buffer.concat([uint32s(8 + body.length), Buffer.from(type, 'latin1'), body]);
    }

    function moof(...trun: number[]): Box {
      const traf = box('traf', box('tfhd', uint32s(0, 1)), box('tfdt', uint32s(0, 0)), box('trun', uint32s(...trun)));
      return { type: 'moof', data: box('moof', traf) };
    }

    const MDAT = { type: 'mdat', data: box('mdat', Buffer.alloc(10)) };

    test('a sample larger than its mdat throws', () => {
      expect(parseFragment(moof(0x200, 2, 4, 6), MDAT, DEFAULTS).map(({ data }) => data.length)).toEqual([4, 6]);
      expect(() => parseFragment(moof(0x200, 2, 4, 7), MDAT, DEFAULTS)).toThrow('reaches past its mdat');
    });

    test('four billion empty samples throw at once', () => {
      expect(() => parseFragment(moof(0, 0xffffffff), MDAT, DEFAULTS)).toThrow('a sample without data');
    });

    test('a count beyond the box throws', () => {
      expect(() => parseFragment(moof(0x200, 3, 4, 6), MDAT, DEFAULTS)).toThrow('out of range');
    });

    test.each(['traf', 'tfhd', 'tfdt'])('a missing %s throws', (type) => {
      const data = Buffer.from(moof(0x200, 1, 10).data);
      data.write('skip', data.indexOf(type, 0, 'latin1'), 'latin1');
      expect(() => parseFragment({ type: 'moof', data }, MDAT, DEFAULTS)).toThrow(`no ${type} box`);
    });
  });
});
