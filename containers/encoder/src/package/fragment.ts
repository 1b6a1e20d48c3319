import { BOX_HEADER_BYTES, type Box, childBoxes, requireBox } from './box-stream.ts';
import type { SampleDefaults } from './init-section.ts';

/** One coded frame of video or audio. Times are in ticks of its track's timescale. */
export interface Sample {
  readonly decodeTicks: number;
  readonly durationTicks: number;
  /** Presentation time minus decoding time. */
  readonly compositionOffsetTicks: number;
  /** Whether decoding may start here: at an IDR frame, or at any audio frame. */
  readonly isSync: boolean;
  readonly data: Buffer;
}

const SAMPLE_IS_NON_SYNC = 0x00010000;

/**
 * The samples of a moof and its mdat (ISO/IEC 14496-12 8.8). Their data are views into the mdat. Throws if malformed.
 */
export function parseFragment(moof: Box, mdat: Box, trackDefaults: SampleDefaults): Sample[] {
  const traf = requireBox(moof, 'traf');
  const boxes = childBoxes(traf.data.subarray(BOX_HEADER_BYTES));
  const tfhd = requireBox(traf, 'tfhd').data;
  const tfdt = requireBox(traf, 'tfdt').data;
  const defaults = fragmentDefaults(tfhd, trackDefaults);
  let decodeTicks = tfdt[8] === 1 ? Number(tfdt.readBigUInt64BE(12)) : tfdt.readUInt32BE(12);
  let dataOffset = BOX_HEADER_BYTES;
  const samples: Sample[] = [];
  for (const trun of boxes.filter((box) => box.type === 'trun')) {
    for (const entry of readTrackRun(trun.data, defaults)) {
      const end = dataOffset + entry.sizeBytes;
      if (entry.sizeBytes === 0) throw new Error('a sample without data');
      if (end > mdat.data.length) throw new Error('a sample reaches past its mdat');
      samples.push({
        decodeTicks,
        durationTicks: entry.durationTicks,
        compositionOffsetTicks: entry.compositionOffsetTicks,
        isSync: (entry.flags & SAMPLE_IS_NON_SYNC) === 0,
        data: mdat.data.subarray(dataOffset, end),
      });
      decodeTicks += entry.durationTicks;
      dataOffset = end;
    }
  }
  return samples;
}

/** The track's defaults, overridden by the fragment's tfhd (ISO/IEC 14496-12 8.8.7). */
function fragmentDefaults(tfhd: Buffer, track: SampleDefaults): SampleDefaults {
  const present = tfhd.readUInt32BE(8);
  let offset = 16 + (present & 0x1 ? 8 : 0) + (present & 0x2 ? 4 : 0);
  const next = (): number => {
    offset += 4;
    return tfhd.readUInt32BE(offset - 4);
  };
  return {
    durationTicks: present & 0x8 ? next() : track.durationTicks,
    sizeBytes: present & 0x10 ? next() : track.sizeBytes,
    flags: present & 0x20 ? next() : track.flags,
  };
}

interface TrackRunEntry extends SampleDefaults {
  readonly compositionOffsetTicks: number;
}

/** Yields a trun's entries (ISO/IEC 14496-12 8.8.8) one by one, because a malformed count must not allocate memory. */
function* readTrackRun(trun: Buffer, defaults: SampleDefaults): Generator<TrackRunEntry> {
  const present = trun.readUInt32BE(8) & 0xffffff;
  const isSigned = trun[8] === 1;
  const count = trun.readUInt32BE(12);
  let offset = 16;
  const next = (): number => {
    offset += 4;
    return trun.readUInt32BE(offset - 4);
  };
  if (present & 0x1) next();
  const firstFlags = present & 0x4 ? next() : null;
  for (let index = 0; index < count; index++) {
    const durationTicks = present & 0x100 ? next() : defaults.durationTicks;
    const sizeBytes = present & 0x200 ? next() : defaults.sizeBytes;
    const flags = present & 0x400 ? next() : defaults.flags;
    const rawOffset = present & 0x800 ? next() : 0;
    yield {
      durationTicks,
      sizeBytes,
      flags: index === 0 && firstFlags !== null ? firstFlags : flags,
      compositionOffsetTicks: isSigned ? rawOffset | 0 : rawOffset,
    };
  }
}
