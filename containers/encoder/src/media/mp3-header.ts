/** The first byte of an FLV tag with 16 bit MP3 (FLV specification, E.4.2.1), without rate and channels. */
const MP3_FLAGS = 0x22;
const RATE_44_KHZ = 3;
const MPEG_1 = 3;
const MPEG_2 = 2;
const MONO = 3;

/**
 * The first byte of a legacy FLV tag for an MP3 frame (ISO/IEC 11172-3, 2.4.1.3). FLV has no names for 48 and 32 kHz; they count as
 * 44.1 kHz, and the decoder reads the true rate from the frame.
 */
export function readMp3Flags(frame: Buffer): number {
  const version = ((frame[1] ?? 0xff) >> 3) & 0x03;
  const isMono = (frame[3] ?? 0) >> 6 === MONO;
  const rate = version === MPEG_1 ? RATE_44_KHZ : version === MPEG_2 ? RATE_44_KHZ - 1 : RATE_44_KHZ - 2;
  return MP3_FLAGS | (rate << 2) | (isMono ? 0 : 1);
}
