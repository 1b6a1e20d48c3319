import { lengthSeconds, parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import type { Observation } from './fault.ts';
import { observation } from './scene.ts';

/** A smaller step of the dates needs no discontinuity. */
const DATE_JUMP_MS = 200;

/**
 * Whether each EXT-X-DISCONTINUITY that a rendition lists now is needed: dates jump there, or the init section is another one. A busy
 * machine has some, because it skips media or takes frames away.
 */
export async function discontinuities(folderUrl: string): Promise<Observation> {
  const text = await (await fetch(`${folderUrl}/media.m3u8`)).text();
  const initSection = async (name: string): Promise<string> => {
    const answer = await fetch(`${folderUrl}/${name}`);
    return Buffer.from(await answer.arrayBuffer()).toString('base64');
  };
  let map = '';
  let endMs = 0;
  let all = 0;
  let needless = 0;
  for (const segment of parseMediaPlaylist(text).segments) {
    const mapBefore = map;
    map = segment.map ?? map;
    const dateMs = segment.programDateTimeMs ?? 0;
    const isJump = Math.abs(dateMs - endMs) > DATE_JUMP_MS;
    endMs = dateMs + lengthSeconds(segment) * 1000;
    if (segment.discontinuities === 0) continue;
    all++;
    if (!isJump && (await initSection(mapBefore)) === (await initSection(map))) needless++;
  }
  return observation(needless === 0, `${all} discontinuities${needless === 0 ? '' : `, ${needless} without a reason`}`);
}
