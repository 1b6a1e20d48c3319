import { html } from 'hono/html';
import { embedPath, watchPath } from '#domain/playback-paths.ts';
import { OEMBED_PATH, type WatchPageName } from '#domain/watch-pages.ts';

/** What a page may say of its stream: its title, or nothing (null). */
export interface PageStream {
  readonly title: string;
}

/** Title of a page whose stream is not there. */
export const NO_STREAM_TITLE = 'No such stream';

const TITLE = /<title>[^<]*<\/title>/;
const HEADING = /(<h1[^>]*>)[^<]*(<\/h1>)/;
const HEAD_END = '</head>';

/** The player's page as it was built, with what people and link previews read of a stream. */
export class WatchPage {
  readonly #template: string;
  readonly #baseUrl: string;

  /** Throws if the page has no place for a title. */
  constructor(template: string, baseUrl: string) {
    for (const place of [TITLE, HEADING, HEAD_END])
      if (template.search(place) === -1) throw new Error(`the player's page lacks ${place}`);
    this.#template = template;
    this.#baseUrl = baseUrl;
  }

  /** The page as it was built, for streams of which nobody is told anything without a token. */
  get plain(): string {
    return this.#template;
  }

  /** The page of an address at which there is no stream. */
  get missing(): string {
    return withTitle(this.#template, NO_STREAM_TITLE);
  }

  /** The page of a stream. */
  of(page: WatchPageName, { title }: PageStream): string {
    const head = String(this.#head(page, title));
    return withTitle(this.#template, title).replace(HEAD_END, () => `${head}${HEAD_END}`);
  }

  /** Open Graph (ogp.me), and where oEmbed is found (oembed.com, section 4). Every page of a stream names the same watch page. */
  #head({ playbackId }: WatchPageName, title: string) {
    const watchUrl = `${this.#baseUrl}${watchPath(playbackId)}`;
    const embedUrl = `${this.#baseUrl}${embedPath(playbackId)}`;
    const oEmbedUrl = `${this.#baseUrl}${OEMBED_PATH}?url=${encodeURIComponent(watchUrl)}&format=json`;
    return html`<link rel="canonical" href="${watchUrl}" />
    <link rel="alternate" type="application/json+oembed" href="${oEmbedUrl}" title="${title}" />
    <meta property="og:title" content="${title}" />
    <meta property="og:type" content="video.other" />
    <meta property="og:url" content="${watchUrl}" />
    <meta property="og:site_name" content="Headend" />
    <meta property="og:video" content="${embedUrl}" />
    <meta property="og:video:type" content="text/html" />
    <meta name="twitter:card" content="summary" />
    <meta name="twitter:title" content="${title}" />
  `;
  }
}

/** Functions stand in for the texts, because `$` means something in a replacement. */
function withTitle(template: string, title: string): string {
  const text = String(html`${title}`);
  return template
    .replace(TITLE, () => `<title>${text}</title>`)
    .replace(HEADING, (_heading, open: string, close: string) => `${open}${text}${close}`);
}
