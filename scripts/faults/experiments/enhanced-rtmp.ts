import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { audioTag, enhancedTag, modExTag, multitrackTag, toEnhanced } from '#kit/enhanced-tags.ts';
import type { DueTag } from '#kit/tag-publisher.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

const WATCHED_SECONDS = 8;
const CLIP_SECONDS = 8;

type ChangeTag = (tag: FlvTag) => readonly FlvTag[];

interface EnhancedFaultOptions {
  readonly name: string;
  readonly expected: string;
  makeChange(): Promise<(sent: DueTag) => readonly DueTag[]>;
}

/** The publisher uses more of Enhanced RTMP than most do. */
function enhanced({ name, expected, makeChange }: EnhancedFaultOptions): Fault {
  return {
    name,
    expected,
    run: async (context) => {
      const scene = await Scene.open(context);
      const publisher = await scene.publishTags({ change: await makeChange() });
      const isPlayable = await scene.untilPlayable(20).then(
        () => true,
        () => false,
      );
      if (!isPlayable) return scene.outcome([observation(false, 'nothing to play')]);
      await scene.watchWith('plain');
      await scene.pass(WATCHED_SECONDS);
      const master = (await scene.master()) ?? '';
      const hasBoth = master.includes('RESOLUTION=') && master.includes('AUDIO=');
      return scene.outcome([
        observation(publisher.isOpen(), publisher.isOpen() ? 'the publish goes on' : 'the publish was ended'),
        observation(hasBoth, hasBoth ? 'sound and picture' : 'not both sound and picture'),
        ...(await scene.stalls(2)),
      ]);
    },
  };
}

const byTag =
  (change: ChangeTag) =>
  async () =>
  ({ tag, dueMs }: DueTag): readonly DueTag[] =>
    change(tag).map((each) => ({ tag: each, dueMs }));

const FIRST_TRACK = 'the first track of each kind is played';

export const enhancedFaults: readonly Fault[] = [
  enhanced({
    name: 'multitrack/besides',
    expected: `${FIRST_TRACK}, others are ignored`,
    makeChange: byTag((tag) => [tag, multitrackTag(toEnhanced(tag), 1)]),
  }),
  enhanced({
    name: 'multitrack/only',
    expected: FIRST_TRACK,
    makeChange: byTag((tag) => [0, 1].map((track) => multitrackTag(toEnhanced(tag), track))),
  }),
  enhanced({
    name: 'enhanced-avc',
    expected: 'H.264 as `avc1` and AAC as `mp4a` are played',
    makeChange: byTag((tag) => [enhancedTag(toEnhanced(tag))]),
  }),
  enhanced({
    name: 'mod-ex',
    expected: 'modifiers are read over',
    makeChange: byTag((tag) => [modExTag(toEnhanced(tag), 500_000)]),
  }),
  enhanced({
    name: 'enhanced-audio/opus',
    expected: 'Opus is decoded',
    makeChange: async () => {
      const packets = await encodeSound(
        ['-c:a', 'libopus', '-vbr', 'off', '-b:a', '64k', '-frame_duration', '20'],
        160,
      );
      return withSound({ packets, packetMs: 20, fourCc: 'Opus', configuration: OPUS_HEAD });
    },
  }),
  enhanced({
    name: 'enhanced-audio/ac-3',
    expected: 'AC-3 is decoded',
    makeChange: async () => {
      const packets = await encodeSound(['-c:a', 'ac3', '-b:a', '192k'], 768);
      return withSound({ packets, packetMs: 32, fourCc: 'ac-3', configuration: null });
    },
  }),
];

/** RFC 7845 5.1: version 1, two channels, 312 samples to skip, 48 kHz, no gain, channel mapping family 0. */
const OPUS_HEAD = Buffer.concat([
  Buffer.from('OpusHead', 'latin1'),
  Buffer.from([1, 2, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0]),
]);

/** Encodes a tone at a constant rate, so that all packets have the same size. */
async function encodeSound(encoder: readonly string[], packetBytes: number): Promise<readonly Buffer[]> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-sound-'));
  try {
    const path = join(folder, 'sound');
    const tone = `sine=frequency=440:sample_rate=48000:duration=${CLIP_SECONDS}`;
    const args = ['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', tone, '-ac', '2', ...encoder];
    await promisify(execFile)('ffmpeg', [...args, '-f', 'data', '-map', '0:a', path]);
    const bytes = await readFile(path);
    const count = Math.floor(bytes.length / packetBytes);
    return Array.from({ length: count }, (_, index) => bytes.subarray(index * packetBytes, (index + 1) * packetBytes));
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface OtherSound {
  readonly packets: readonly Buffer[];
  readonly packetMs: number;
  readonly fourCc: string;
  readonly configuration: Buffer | null;
}

/** The clip's picture with another sound. Each frame of the picture is followed by the sound up to it. */
function withSound({ packets, packetMs, fourCc, configuration }: OtherSound): (sent: DueTag) => readonly DueTag[] {
  let sentPackets = 0;
  let hasBegun = false;
  return ({ tag, dueMs }) => {
    if (tag.type !== VIDEO_TAG) return [];
    const sound: DueTag[] = [];
    if (!hasBegun && configuration !== null) {
      sound.push({ tag: audioTag(fourCc, tag.timestampMs, configuration, true), dueMs });
    }
    hasBegun = true;
    for (; sentPackets * packetMs <= tag.timestampMs; sentPackets++) {
      const body = packets[sentPackets % packets.length] ?? Buffer.alloc(0);
      sound.push({ tag: audioTag(fourCc, Math.round(sentPackets * packetMs), body), dueMs });
    }
    return [{ tag, dueMs }, ...sound];
  };
}
