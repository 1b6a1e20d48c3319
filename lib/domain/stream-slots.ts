/** No task that Fargate offers encodes more broadcasts than this at once; a higher number is a slip of the pen. */
export const MAX_STREAM_SLOTS = 100;

/** The broadcasts that one encoder task takes at once, from the text of STREAM_SLOTS. Throws where it is no whole number in range. */
export function parseStreamSlots(text: string): number {
  const slots = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : 0;
  if (slots < 1 || slots > MAX_STREAM_SLOTS) {
    throw new Error(`STREAM_SLOTS must be a whole number from 1 to ${MAX_STREAM_SLOTS}, not "${text}"`);
  }
  return slots;
}
