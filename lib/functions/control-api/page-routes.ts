import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import * as z from 'zod/mini';
import { displayAspect } from '#domain/display-aspect.ts';
import { needsViewerToken } from '#domain/playback-ids.ts';
import { OEMBED_PATH, PAGE_FILE_PATH, PAGE_SECONDS, parsePagePath } from '#domain/watch-pages.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { StreamIndex } from '#runtime/stream-index.ts';
import { type BoxSize, noStream, oEmbedBody, parseOEmbedQuery } from './oembed.ts';
import type { RouteName } from './route-access.ts';
import type { WatchPage } from './watch-page.ts';

/** What the pages of streams need. */
export interface PagesDependencies {
  readonly page: WatchPage;
  /** Null if another backend knows the streams. Then no page has a title. */
  readonly streamIndex: StreamIndex | null;
  readonly live: Pick<LiveStore, 'findHeld'>;
  readonly addresses: { readonly playbackBaseUrl: string };
  readonly log: Logger;
}

/** The routes of the pages of streams and of oEmbed. Everybody may ask, and CloudFront keeps the answers. */
export const PAGE_ROUTES: readonly RouteName[] = [`GET ${PAGE_FILE_PATH}`, `GET ${OEMBED_PATH}`];

/** Browsers ask each time, because the page names the files of the player's present version. */
const CACHED = { 'Cache-Control': `public, max-age=0, s-maxage=${PAGE_SECONDS}` };
/** A stream may be made at any moment. */
const MISSING = { 'Cache-Control': 'public, max-age=0, s-maxage=1' };
const ANY_SITE = { 'Access-Control-Allow-Origin': '*' };
const USUAL_ASPECT: BoxSize = { width: 16, height: 9 };

/** The part of what a stream offers that says how large its pictures are. */
const offeredSchema = z.object({
  run: z.object({
    video: z.array(z.object({ width: z.int().check(z.positive()), height: z.int().check(z.positive()) })),
  }),
});

/** Adds what other programs than the player read of a stream: the title in its page's HTML, and oEmbed. */
export function addPageRoutes(app: OpenAPIHono, { page, streamIndex, live, addresses, log }: PagesDependencies): void {
  app.get(PAGE_FILE_PATH, async (context) => {
    const name = parsePagePath(`/${context.req.query('kind')}/${context.req.query('id')}`);
    if (name === null) return context.html(page.missing, 404, MISSING);
    if (streamIndex === null || needsViewerToken(name.playbackId)) return context.html(page.plain, 200, CACHED);
    const stream = await streamIndex.find(name.playbackId);
    return stream === null
      ? context.html(page.missing, 404, MISSING)
      : context.html(page.of(name, stream), 200, CACHED);
  });

  app.use(OEMBED_PATH, async (context, next) => {
    await next();
    for (const [header, value] of Object.entries(ANY_SITE)) context.header(header, value);
  });
  app.get(OEMBED_PATH, async (context) => {
    const { playbackBaseUrl } = addresses;
    const request = parseOEmbedQuery(new URL(context.req.url).searchParams, playbackBaseUrl);
    if (streamIndex === null) throw noStream();
    const stream = await streamIndex.find(request.playbackId);
    if (stream === null) throw noStream();
    const aspect = await aspectOf(request.playbackId);
    return context.json(oEmbedBody(request, stream.title, aspect, playbackBaseUrl), 200, CACHED);
  });

  /** Of the broadcast that is on, or was last. What can't be read makes a frame of the usual shape. */
  async function aspectOf(playbackId: string): Promise<BoxSize> {
    const held = await live.findHeld(playbackId).catch((error: unknown) => {
      log.warn({ err: error }, 'the aspect of a stream is not known');
      return null;
    });
    const offered = offeredSchema.safeParse(held?.broadcast?.sequence.offered);
    const best = offered.data?.run.video.toSorted((a, b) => b.height - a.height)[0];
    if (best === undefined) return USUAL_ASPECT;
    const [width = 16, height = 9] = displayAspect(best.width, best.height).split(':').map(Number);
    return { width, height };
  }
}
