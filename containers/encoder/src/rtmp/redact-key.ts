/** What is shorter is no secret, and may be part of any word. */
const SHORTEST_SECRET = 8;

/** Takes a stream key out of a text: errors of clients, and whoever decides about keys, may quote the one they were asked about. */
export function redactKey(text: string, streamKey: string): string {
  return streamKey.length < SHORTEST_SECRET ? text : text.replaceAll(streamKey, '[stream key]');
}
