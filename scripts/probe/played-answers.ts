import { HLS_FILE_KINDS, type HlsFileKindName } from '#domain/hls-files.ts';
import type { TimedResponse } from '#scripts/check-hls/http-client.ts';

/** What a viewer's answer was. Blocking requests for a media playlist have a lifetime of their own. */
export type PlayedKind = HlsFileKindName | 'blocking-playlist';

export const PLAYED_KINDS: readonly PlayedKind[] = [...HLS_FILE_KINDS.map(({ kind }) => kind), 'blocking-playlist'];

/** An answer without its body. */
export type PlayedAnswer = Pick<TimedResponse, 'url' | 'headers'>;

/** Keeps the headers of all that a viewer got, by the kind of file. Memory grows with the length of the viewing. */
export class PlayedAnswers {
  readonly #heads = new Map<PlayedKind, PlayedAnswer[]>();

  /** Refusals are left out: the witness has them. */
  add({ url, status, headers }: TimedResponse): void {
    const kind = playedKind(url);
    if (status !== 200 || kind === null) return;
    this.#heads.set(kind, [...this.of(kind), { url, headers }]);
  }

  of(kind: PlayedKind): readonly PlayedAnswer[] {
    return this.#heads.get(kind) ?? [];
  }

  /** The newest address of each kind. */
  newestUrls(): string[] {
    return PLAYED_KINDS.flatMap((kind) => this.of(kind).at(-1)?.url ?? []);
  }

  /** All values that a header had in the answers of one kind. An empty text stands for an answer without it. */
  valuesOf(kind: PlayedKind, header: string): string[] {
    return [...new Set(this.of(kind).map(({ headers }) => String(headers[header] ?? '')))];
  }
}

function playedKind(url: string): PlayedKind | null {
  const { pathname, searchParams } = new URL(url);
  const row = HLS_FILE_KINDS.find(({ pathPattern }) => matches(pathPattern, pathname));
  if (row === undefined) return null;
  return row.kind === 'media-playlist' && searchParams.has('_HLS_msn') ? 'blocking-playlist' : row.kind;
}

function matches(pathPattern: string, path: string): boolean {
  const source = pathPattern.split('*').map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`).test(path);
}
