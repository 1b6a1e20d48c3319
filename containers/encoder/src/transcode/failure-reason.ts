/** FFmpeg's messages, and what a broadcaster can do about them. The first match wins. */
const REASONS = [
  { pattern: /could not be started/i, reason: 'The server could not start its encoder. Try again later.' },
  { pattern: /cannot allocate memory|out of memory/i, reason: 'The server ran out of memory. Try again later.' },
  {
    pattern:
      /decoder .*not found|unknown codec|unsupported codec|video codec .* is not implemented|matches no streams/i,
    reason: 'The source uses a codec that cannot be decoded. Send H.264 video and AAC audio.',
  },
  {
    pattern: /\[aac|\[mp3|audio/i,
    reason: 'The audio cannot be decoded. Send AAC audio at 44.1 or 48 kHz.',
  },
  {
    pattern: /invalid data|error while decoding|no frame|invalid nal|missing picture|pps|sps|decode_slice/i,
    reason: 'The picture cannot be decoded. Check the encoder settings: H.264 video, 4:2:0 colour.',
  },
] as const satisfies readonly { readonly pattern: RegExp; readonly reason: string }[];

const UNKNOWN_REASON = 'The source cannot be transcoded. Send H.264 video and AAC audio.';

/** Explains to the broadcaster why transcoding failed. Looks for the newest known message in FFmpeg's last lines. */
export function failureReason(stderrTail: readonly string[]): string {
  for (const line of stderrTail.toReversed()) {
    const known = REASONS.find(({ pattern }) => pattern.test(line));
    if (known !== undefined) return known.reason;
  }
  return UNKNOWN_REASON;
}
