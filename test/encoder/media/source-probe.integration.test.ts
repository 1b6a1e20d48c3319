import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { type SourceDescription, UnsupportedSourceError } from '#encoder/media/source-description.ts';
import { SourceProbe } from '#encoder/media/source-probe.ts';
import { type AmfValue, encodeAmf0 } from '#kit/amf0.ts';
import { makeEnhancedTags } from '#test/encoder/transcode/enhanced-clip.ts';
import { H264, makeFlvTags, testAudio, testVideo } from './ffmpeg.ts';

const AAC = ['-c:a', 'aac'];
const script = (fields: { readonly [field: string]: AmfValue }): FlvTag => ({
  type: SCRIPT_TAG,
  timestampMs: 0,
  payload: encodeAmf0('onMetaData', fields),
});
const isNotScript = (tag: FlvTag) => tag.type !== SCRIPT_TAG;

/** Feeds tags until the source is known. Also returns the timestamp at which it was known. */
function probe(tags: readonly FlvTag[]): { description: SourceDescription | null; timestampMs: number } {
  const source = new SourceProbe();
  for (const tag of tags) {
    source.add(tag);
    const description = source.description();
    if (description !== null) return { description, timestampMs: tag.timestampMs };
  }
  return { description: null, timestampMs: Number.POSITIVE_INFINITY };
}

describe('a source made by FFmpeg', () => {
  test.each([
    ['24', 24],
    ['25', 25],
    ['30000/1001', 30000 / 1001],
    ['30', 30],
    ['50', 50],
    ['60000/1001', 60000 / 1001],
    ['60', 60],
  ])('with %s frames a second is known after its headers, with and without metadata', async (rate, framesPerSecond) => {
    const tags = await makeFlvTags([...testVideo('160x90', rate, 0.2), ...testAudio(0.2), ...H264, ...AAC]);
    const video = { codec: 'h264', width: 160, height: 90, frameRate: expect.closeTo(framesPerSecond, 3) };
    const audio = { codec: 'aac', sampleRateHz: 44_100, channels: 1 };
    expect(probe(tags.slice(0, 3)).description).toEqual({ video, audio });
    expect(probe(tags.filter(isNotScript).slice(0, 2)).description).toEqual({ video, audio });
  });

  test.each([
    [44_100, 1],
    [44_100, 2],
    [48_000, 1],
    [48_000, 2],
    [22_050, 2],
    [96_000, 1],
  ])('with audio alone at %i Hz and %i channels is known after its header', async (sampleRateHz, channels) => {
    const tags = await makeFlvTags([...testAudio(0.5), ...AAC, '-ar', `${sampleRateHz}`, '-ac', `${channels}`]);
    const description = { video: null, audio: { codec: 'aac', sampleRateHz, channels } };
    expect(probe(tags.slice(0, 2)).description).toEqual(description);
  });

  test('with audio alone and no metadata is known after half a second', async () => {
    const tags = (await makeFlvTags([...testAudio(1), ...AAC])).filter(isNotScript);
    const { description, timestampMs } = probe(tags);
    expect(description).toEqual({ video: null, audio: { codec: 'aac', sampleRateHz: 44_100, channels: 1 } });
    expect(timestampMs).toBeGreaterThanOrEqual(500);
    expect(timestampMs).toBeLessThan(550);
  });

  test.each([
    [160, 90],
    [162, 98],
    [160, 94],
    [90, 160],
    [642, 358],
    [1920, 1080],
  ])('with video alone of %i x %i is known after its header', async (width, height) => {
    const tags = await makeFlvTags([...testVideo(`${width}x${height}`, '30', 0.1), ...H264]);
    const description = { video: { codec: 'h264', width, height, frameRate: 30 }, audio: null };
    expect(probe(tags.slice(0, 2)).description).toEqual(description);
  });

  test.each([
    // FFmpeg's test picture always has even sides.
    ['4:4:4, odd sides', '160x90', ['-vf', 'scale=161:91', '-pix_fmt', 'yuv444p'], 161, 91],
    ['4:2:2, an odd height', '162x90', ['-vf', 'scale=162:91', '-pix_fmt', 'yuv422p'], 162, 91],
    ['monochrome', '162x90', ['-pix_fmt', 'gray'], 162, 90],
    ['10 bit', '162x90', ['-pix_fmt', 'yuv420p10le'], 162, 90],
    ['scaling matrices', '162x90', ['-x264-params', 'cqm=jvt'], 162, 90],
    ['colour description', '162x90', ['-colorspace', 'bt709', '-color_primaries', 'bt709'], 162, 90],
    ['baseline', '162x90', ['-profile:v', 'baseline'], 162, 90],
  ])(
    'with %s gives the cropped size and the frame rate of its sequence parameter set',
    async (_, size, options, width, height) => {
      const tags = await makeFlvTags([...testVideo(size, '25', 0.2), ...H264, ...options]);
      const video = tags.filter((tag) => tag.type === VIDEO_TAG);
      const metadata = script({ videocodecid: 7, width: 1, height: 1 });
      expect(probe([metadata, ...video]).description?.video).toEqual({ codec: 'h264', width, height, frameRate: 25 });
    },
  );

  test.each([
    ['wide pixels', '160x90', ['-aspect', '160*4/3/90'], { width: 213 }, {}],
    ['narrow pixels', '160x90', ['-aspect', '4:3'], { width: 120 }, {}],
    ['fields', '160x92', ['-flags', '+ilme+ildct'], {}, { height: 92, isInterlaced: true }],
    ['PQ', '160x90', ['-pix_fmt', 'yuv420p10', '-x264-params', 'transfer=smpte2084'], {}, { hdr: 'pq' }],
    ['HLG', '160x90', ['-pix_fmt', 'yuv420p10', '-x264-params', 'transfer=arib-std-b67'], {}, { hdr: 'hlg' }],
  ])('with %s has the displayed size, and what is decoded', async (_, size, options, displayed, decoded) => {
    const tags = await makeFlvTags([...testVideo(size, '25', 0.2), ...H264, ...options]);
    const plain = { width: 160, height: 90 };
    expect(probe(tags).description?.video).toEqual({
      ...{ codec: 'h264', frameRate: 25, ...plain, ...('height' in decoded ? { height: decoded.height } : {}) },
      ...displayed,
      decoded: { ...plain, isInterlaced: false, hdr: null, ...decoded },
    });
  });

  test.each(['24', '25', '30', '60'])('without a possible frame rate in its headers is measured: %s', async (rate) => {
    const insaneTiming = ['-bsf:v', 'h264_metadata=tick_rate=2000'];
    const tags = await makeFlvTags([
      ...testVideo('160x90', rate, 1),
      ...testAudio(1),
      ...H264,
      ...insaneTiming,
      ...AAC,
    ]);
    const { description, timestampMs } = probe(tags.filter(isNotScript));
    expect(description?.video?.frameRate).toBe(Number(rate));
    expect(timestampMs).toBeLessThan(500);
  });

  test('with MP3 is described by the flags of its tags', async () => {
    const tags = await makeFlvTags([...testAudio(0.3), '-c:a', 'libmp3lame', '-ac', '2']);
    expect(probe(tags).description?.audio).toEqual({ codec: 'mp3', sampleRateHz: 44_100, channels: 2 });
  });

  test.each([
    ['flv1', ['-c:v', 'flv1'], 'Sorenson H.263'],
    ['PCM', ['-c:v', 'libx264', '-c:a', 'pcm_s16le'], 'PCM'],
    ['Speex or Nellymoser', ['-c:v', 'libx264', '-c:a', 'nellymoser', '-ar', '44100', '-ac', '1'], 'Nellymoser'],
  ])('with %s is refused with a reason', async (_, codecs, name) => {
    const tags = await makeFlvTags([...testVideo('160x90', '30', 0.2), ...testAudio(0.2), ...codecs]);
    expect(() => probe(tags)).toThrow(UnsupportedSourceError);
    expect(() => probe(tags)).toThrow(new RegExp(`codec ${name} is not supported; send`));
  });
});

const audioTag = (timestampMs: number, ...bytes: readonly number[]): FlvTag => ({
  type: AUDIO_TAG,
  timestampMs,
  payload: Buffer.from(bytes),
});
const videoTag = (timestampMs: number, ...bytes: readonly number[]): FlvTag => ({
  type: VIDEO_TAG,
  timestampMs,
  payload: Buffer.from(bytes),
});
const enhancedTag = (timestampMs: number, first: number, fourCc: string): FlvTag =>
  videoTag(timestampMs, first, ...Buffer.from(fourCc), 0, 0, 0, 0);
/** AAC LC, 48 kHz, stereo. */
const AAC_HEADER = audioTag(0, 0xaf, 0, 0x11, 0x90);
const AAC_DESCRIPTION = { codec: 'aac', sampleRateHz: 48_000, channels: 2 };
const aacFrames = (untilMs: number, fromMs = 0) =>
  [...Array(Math.floor((untilMs - fromMs) / 20) + 1).keys()].map((index) => audioTag(fromMs + index * 20, 0xaf, 1, 0));

describe('an announced track', () => {
  const both = script({ videocodecid: 7, audiocodecid: 10 });

  test('is waited for', () => {
    expect(probe([both, AAC_HEADER, ...aacFrames(7_900)]).description).toBeNull();
  });

  test('counts as absent if it is video and has not come after eight seconds', () => {
    const { description, timestampMs } = probe([both, AAC_HEADER, ...aacFrames(8_500)]);
    expect(description).toEqual({ video: null, audio: AAC_DESCRIPTION });
    expect(timestampMs).toBe(8_000);
  });

  test('counts as absent if it is audio and has not come after two seconds', () => {
    const size = script({ videocodecid: 12, audiocodecid: 10, width: 640, height: 360, framerate: 25 });
    const frames = [...Array(60).keys()].map((index) => enhancedTag(index * 40, 0xa3, 'hvc1'));
    const { description, timestampMs } = probe([size, ...frames]);
    expect(description?.audio).toBeNull();
    expect(timestampMs).toBe(2_000);
  });

  test('is not missed because of its clock', async () => {
    const video = (await makeFlvTags([...testVideo('160x90', '25', 0.5), ...H264])).filter(isNotScript);
    const uptimeMs = 5_000_000;
    const stamped = video.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + uptimeMs }));
    const expected = { video: expect.objectContaining({ width: 160 }), audio: AAC_DESCRIPTION };
    expect(probe([AAC_HEADER, ...aacFrames(400), ...stamped]).description).toEqual(expected);
    expect(probe([both, AAC_HEADER, ...aacFrames(4_000), ...stamped]).description).toEqual(expected);
    expect(probe([...stamped.slice(0, 1), AAC_HEADER, ...aacFrames(400)]).description).toEqual(expected);
  });

  test('is waited for in tag time since the first frame, wherever the timestamps start and if they wrap', () => {
    const start = 2 ** 32 - 300;
    const tags = aacFrames(8_000).map((tag) => ({ ...tag, timestampMs: (start + tag.timestampMs) % 2 ** 32 }));
    expect(probe([both, AAC_HEADER, ...tags.slice(0, -1)]).description).toBeNull();
    expect(probe([both, AAC_HEADER, ...tags]).description).toEqual({ video: null, audio: AAC_DESCRIPTION });
  });
});

test('a track that is not announced is accepted if it comes at the start', () => {
  const audioOnly = script({ audiocodecid: 10 });
  const enhanced = enhancedTag(0, 0x90, 'hvc1');
  const size = script({ audiocodecid: 10, width: 640, height: 360, framerate: 25 });
  expect(probe([audioOnly, enhanced, AAC_HEADER, size]).description?.video?.codec).toBe('hevc');
});

describe('Enhanced RTMP', () => {
  test.each([
    ['HEVC', ['-pix_fmt', 'yuv420p'], 'bframes=2', {}],
    [
      'HEVC of 10 bits with wide pixels and HLG',
      ['-pix_fmt', 'yuv420p10', '-aspect', '2:1'],
      'transfer=arib-std-b67:colorprim=bt2020:colormatrix=bt2020nc',
      { width: 364, decoded: { width: 322, height: 182, isInterlaced: false, hdr: 'hlg' } },
    ],
  ])('%s is described by its header, whatever the metadata says', async (_, options, params, displayed) => {
    const x265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', `log-level=none:${params}`];
    const clip = [...testVideo('322x182', '30000/1001', 0.2), ...x265, ...options];
    const tags = await makeEnhancedTags(VIDEO_TAG, { fourCc: 'hvc1', options: clip });
    const metadata = script({ videocodecid: 1, width: 1, height: 1 });
    const frameRate = expect.closeTo(30000 / 1001, 3);
    const video = { codec: 'hevc', width: 322, height: 182, frameRate, ...displayed };
    expect(probe([metadata, ...tags]).description).toEqual({ video, audio: null });
  });

  test.each([
    ['hvc1', 'hevc'],
    ['av01', 'av1'],
    ['vp09', 'vp9'],
  ])('%s is %s with the size and frame rate of the metadata', (fourCc, codec) => {
    const metadata = script({ videocodecid: 1, width: 2560, height: 1440, framerate: 59.94 });
    const video = { codec, width: 2560, height: 1440, frameRate: 59.94 };
    expect(probe([metadata, enhancedTag(0, 0x90, fourCc)]).description).toEqual({ video, audio: null });
  });

  test.each([
    ['an unknown FourCC', enhancedTag(0, 0x90, 'dvh1'), 'Video codec "dvh1" is not supported; send H.264'],
    ['a FourCC that is not text', videoTag(0, 0x90, 0, 27, 200, 10), 'Video codec "????" is not supported; send H.264'],
    ['a truncated FourCC', videoTag(0, 0x90, 0x68), 'Video codec "h" is not supported; send H.264'],
    ['damaged tracks', enhancedTag(0, 0x96, 'hvc1'), 'A video tag of Enhanced RTMP is damaged'],
    ['damaged tracks of audio', audioTag(0, 0x95, 0), 'An audio tag of Enhanced RTMP is damaged'],
    [
      'an unknown audio FourCC',
      audioTag(0, 0x90, ...Buffer.from('spex')),
      'Audio codec "spex" is not supported; send AAC',
    ],
    ['Opus without its header', audioTag(0, 0x90, ...Buffer.from('Opus')), 'The Opus header is damaged'],
    ['FLAC without its header', audioTag(0, 0x90, ...Buffer.from('fLaC')), 'The FLAC header is damaged'],
    ['AC-3 without its sync word', audioTag(0, 0x91, ...Buffer.from('ac-3'), 1, 2), 'The AC-3 header is damaged'],
  ])('%s is refused with a reason', (_, tag, message) => {
    expect(() => probe([tag])).toThrow(UnsupportedSourceError);
    expect(() => probe([tag])).toThrow(message);
  });

  test.each([
    { videocodecid: 1 },
    { videocodecid: 1, width: 0, height: 360 },
    { videocodecid: 1, width: 'wide', height: 360 },
    { videocodecid: 1, width: 640.5, height: 360 },
    { videocodecid: 1, width: 640, height: Number.NaN },
    { videocodecid: 1, width: 1e9, height: 360 },
  ])('without a possible size in the metadata is refused, not waited for: %j', (fields) => {
    const frames = [...Array(200).keys()].map((index) => enhancedTag(index * 40, 0xa3, 'hvc1'));
    expect(() => probe([script(fields), ...frames.slice(0, 70)])).not.toThrow();
    expect(() => probe([script(fields), ...frames])).toThrow(UnsupportedSourceError);
  });
});

describe('bad input is refused or ignored', () => {
  test.each([
    ['H.264 header without a record', videoTag(0, 0x17, 0)],
    ['H.264 header without parameter sets', videoTag(0, 0x17, 0, 0, 0, 0, 1, 66, 0, 30, 0xff, 0xe0)],
    ['H.264 header with an empty parameter set', videoTag(0, 0x17, 0, 0, 0, 0, 1, 66, 0, 30, 0xff, 0xe1, 0, 0, 0)],
    ['H.264 header of ones', videoTag(0, 0x17, 0, ...Array(60).fill(0xff))],
    [
      'H.264 header of zeros after the type',
      videoTag(0, 0x17, 0, 0, 0, 0, 1, 66, 0, 30, 0xff, 0xe1, 0, 9, 0x67, ...Array(8).fill(0)),
    ],
    ['AAC header without a configuration', audioTag(0, 0xaf, 0)],
    ['AAC header with a reserved sample rate', audioTag(0, 0xaf, 0, 0x16, 0x90)],
    ['an unknown legacy video codec', videoTag(0, 0x1f, 0)],
    ['an unknown sound format', audioTag(0, 0xdf, 0)],
  ])('%s', (_, tag) => {
    expect(() => probe([tag])).toThrow(UnsupportedSourceError);
  });

  test('frames without any header', () => {
    const frames = [...Array(200).keys()].map((index) => videoTag(index * 40, 0x27, 1, 0, 0, 0));
    expect(() => probe(frames)).toThrow('no usable sequence headers');
  });

  test('empty tags, commands without a picture, and invalid metadata', () => {
    const garbage = { type: SCRIPT_TAG, timestampMs: 0, payload: Buffer.alloc(50, 0xff) } as const;
    const tags = [videoTag(0), audioTag(0), videoTag(0, 0x52, 0), garbage, { ...garbage, payload: Buffer.alloc(0) }];
    expect(probe(tags).description).toBeNull();
    expect(probe([...tags, AAC_HEADER, ...aacFrames(600)]).description).toEqual({
      video: null,
      audio: AAC_DESCRIPTION,
    });
  });

  test.each([0, -5, 241, 1e300, Number.NaN, Number.POSITIVE_INFINITY, '30', true])(
    'a frame rate of %p in the metadata',
    async (framerate) => {
      const metadata = script({ videocodecid: 1, width: 640, height: 360, framerate });
      const frames = [...Array(20).keys()].map((index) => enhancedTag(index * 20, 0xa3, 'hvc1'));
      expect(probe([metadata, ...frames]).description?.video?.frameRate).toBe(50);
    },
  );

  test('the frame rate is unknown if all frames have the same timestamp', () => {
    const metadata = script({ videocodecid: 1, width: 640, height: 360 });
    const description = probe([metadata, ...Array(20).fill(enhancedTag(7, 0xa3, 'hvc1'))]).description;
    expect(description?.video?.frameRate).toBeNull();
  });
});
