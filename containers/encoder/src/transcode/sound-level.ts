/** The name of the pipe on which FFmpeg says how loud the sound is. */
export const SOUND_LEVEL_OUTPUT = 'sound-level';

/** In place of minus infinity, which JSON lacks. The loudest bit of 16 alone is at -90 dB. */
const SILENCE_DB = -100;
/** After so long without a new level, there is none. FFmpeg gives one a second. */
const STALE_MS = 5_000;
/** What FFmpeg writes for a second has 70 characters. */
const MAX_REST_CHARACTERS = 1_000;
const METADATA_KEY = 'lavfi.astats.Overall.RMS_level';
const LEVEL_LINE = /RMS_level=(-inf|-?\d+(?:\.\d+)?)$/;

/**
 * The end of an audio filter chain that also measures each second of the sound, and writes its level to a pipe. The sound itself
 * passes unchanged and undelayed.
 */
export function soundLevelFilters(sampleRateHz: number, fileDescriptor: number): string {
  const measured = [
    `asetnsamples=n=${sampleRateHz}:p=0`,
    'astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=RMS_level',
    // Two escapes: one for the list of filters, and one for the options of a filter.
    `ametadata=mode=print:key=${METADATA_KEY}:file=pipe\\\\:${fileDescriptor}:direct=1`,
    'anullsink',
  ];
  return `asplit=2[sound][level];[level]${measured.join(',')};[sound]anull`;
}

/** Reads how loud the sound is from what FFmpeg writes. Times are milliseconds of one clock. */
export class SoundLevel {
  #rest = '';
  #levelDb: number | null = null;
  #atMs = Number.NEGATIVE_INFINITY;

  add(chunk: Buffer, nowMs: number): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-MAX_REST_CHARACTERS);
    for (const line of lines) {
      const [, level] = LEVEL_LINE.exec(line) ?? [];
      if (level === undefined) continue;
      this.#levelDb = Math.max(SILENCE_DB, level === '-inf' ? SILENCE_DB : Math.round(Number(level) * 10) / 10);
      this.#atMs = nowMs;
    }
  }

  /** RMS of the last second, in dB below full scale. Null if there is no sound. */
  levelDb(nowMs: number): number | null {
    return nowMs - this.#atMs < STALE_MS ? this.#levelDb : null;
  }
}
