import { html } from 'hono/html';
import { needsViewerToken } from '#domain/playback-ids.ts';
import { embedPath } from '#domain/playback-paths.ts';
import { parsePagePath } from '#domain/watch-pages.ts';
import { ProblemError } from './problem.ts';

/** A size in CSS pixels. */
export interface BoxSize {
  readonly width: number;
  readonly height: number;
}

/** A request of oEmbed. */
export interface OEmbedRequest {
  readonly playbackId: string;
  /** What the player has to fit into. */
  readonly box: BoxSize;
}

/** The largest player that is offered. */
const LARGEST: BoxSize = { width: 1280, height: 720 };
/** More than any page is wide, in digits. */
const SIZE = /^[1-9]\d{0,5}$/;
/** More than an address of a page with a token takes. */
const MAX_URL_LENGTH = 1_000;
const NOTHING = 'There is no stream at this address.';

/** Reads the query of a request (oembed.com, section 2.2). Throws the problem that its consumer is told. */
export function parseOEmbedQuery(query: URLSearchParams, baseUrl: string): OEmbedRequest {
  const format = onlyValue(query, 'format') ?? 'json';
  if (format !== 'json') throw new ProblemError({ status: 501, detail: 'The only format is json.' });
  const box = { width: sizeOf(query, 'maxwidth', LARGEST.width), height: sizeOf(query, 'maxheight', LARGEST.height) };
  const url = onlyValue(query, 'url');
  if (url === null) throw new ProblemError({ status: 400, detail: 'url must be the address of a watch page.' });
  const playbackId = playbackIdAt(url, baseUrl);
  if (playbackId === null) throw new ProblemError({ status: 404, detail: NOTHING });
  // Also if there is no such stream: nobody learns without a token which ones there are (section 2.3.4.3).
  if (needsViewerToken(playbackId)) throw new ProblemError({ status: 401, detail: 'This stream is not public.' });
  return { playbackId, box };
}

/** The problem of an address whose stream is not there. */
export const noStream = (): ProblemError => new ProblemError({ status: 404, detail: NOTHING });

/** The answer (section 2.3.4.2): a player for a title, as large as the box allows for the stream's aspect. */
export function oEmbedBody({ playbackId, box }: OEmbedRequest, title: string, aspect: BoxSize, baseUrl: string) {
  const scale = Math.min(box.width / aspect.width, box.height / aspect.height);
  const width = Math.max(1, Math.floor(aspect.width * scale));
  const height = Math.max(1, Math.floor(aspect.height * scale));
  const src = `${baseUrl}${embedPath(playbackId)}`;
  const frame = html`<iframe src="${src}" width="${width}" height="${height}" title="${title}" style="border:0" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`;
  return {
    ...{ version: '1.0', type: 'video', title, width, height, html: String(frame) },
    ...{ provider_name: 'Headend', provider_url: `${baseUrl}/` },
  };
}

/** Null if the address is not that of a page of this deployment. A query and a fragment, which may be a token, do not matter. */
function playbackIdAt(url: string, baseUrl: string): string | null {
  if (url.length > MAX_URL_LENGTH || !URL.canParse(url)) return null;
  const { origin, pathname, username, password } = new URL(url);
  if (origin !== new URL(baseUrl).origin || username !== '' || password !== '') return null;
  return parsePagePath(pathname)?.playbackId ?? null;
}

function sizeOf(query: URLSearchParams, name: string, largest: number): number {
  const value = onlyValue(query, name);
  if (value === null) return largest;
  if (!SIZE.test(value))
    throw new ProblemError({ status: 400, detail: `${name} must be a positive number of pixels.` });
  return Math.min(largest, Number(value));
}

/** Null if there is none. */
function onlyValue(query: URLSearchParams, name: string): string | null {
  const [value = null, ...others] = query.getAll(name);
  if (others.length > 0) throw new ProblemError({ status: 400, detail: `${name} must be there once.` });
  return value;
}
