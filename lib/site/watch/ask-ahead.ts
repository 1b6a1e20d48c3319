import { type EarlyFile, EarlyFiles } from './early-files.ts';
import { firstMedia, firstPlaylists } from './first-files.ts';
import type { StreamAddress } from './page-address.ts';
import { PreferenceStore } from './preferences.ts';

/**
 * Asks for the status and, if the stream is live, for one file after the other of those that hls.js loads first. Both
 * scripts of the page call this, and the first one counts.
 */
export function askAhead(address: StreamAddress): EarlyFiles {
  const files = new EarlyFiles(address.statusPath);
  askForFirst(files, address)
    // hls.js asks for what is missing, and the page shows what is wrong.
    .catch(() => undefined)
    .finally(() => files.finish());
  return files;
}

async function askForFirst(files: EarlyFiles, { masterPath }: StreamAddress): Promise<void> {
  const response = await files.status;
  const { status } = (await response.clone().json()) as { readonly status?: unknown };
  // A missing playlist would be an error in the browser's console.
  if (status !== 'live' || !canUseHlsJs()) return;
  const masterUrl = new URL(masterPath, location.origin).href;
  const { height } = new PreferenceStore(() => localStorage).current;
  const playlists = firstPlaylists(textOf(await files.ask(masterUrl)), height);
  await Promise.all(playlists.map((uri) => askForMedia(files, new URL(uri, masterUrl).href)));
}

/** A browser that has only its own HLS loads everything itself (`Hls.isSupported`). */
const canUseHlsJs = (): boolean => 'MediaSource' in window || 'ManagedMediaSource' in window;

const textOf = ({ body }: EarlyFile): string => new TextDecoder().decode(body);

async function askForMedia(files: EarlyFiles, playlistUrl: string): Promise<void> {
  const playlist = textOf(await files.ask(playlistUrl));
  await Promise.all(firstMedia(playlist).map((uri) => files.ask(new URL(uri, playlistUrl).href)));
}
