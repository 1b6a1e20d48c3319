import { epochOf } from '#kit/epochs.ts';
import type { ListedSegment } from '#scripts/check-hls/playlist/media-playlist.ts';

/** What playlists have said about a segment. Null as long as none has said it. */
interface Facts {
  readonly discontinuityNumber: number;
  readonly programDateTimeMs: number | null;
  readonly uri: string | null;
  readonly durationSeconds: number | null;
  readonly isGap: boolean | null;
  /** The longest list of parts, as `uri duration`. */
  readonly parts: readonly string[];
  /** How many parts the segment has in the end. */
  readonly partCount: number | null;
}

/** What never changes about a segment, whatever the order in which playlists say it (RFC 8216bis 6.2.1). */
export class SegmentFacts {
  readonly #known = new Map<string, Facts>();
  /** The run and the discontinuity number of each media sequence number, which all renditions share. */
  readonly #shared = new Map<number, { readonly rendition: string; readonly what: string }>();

  discontinuityNumber(rendition: string, msn: number): number | undefined {
    return this.#known.get(`${rendition} ${msn}`)?.discontinuityNumber;
  }

  /** Adds what a playlist says. Returns one line for each contradiction to another one. */
  add(rendition: string, segment: ListedSegment, discontinuityNumber: number, isClosed: boolean): string[] {
    const { msn } = segment;
    const said = toFacts(segment, discontinuityNumber, isClosed);
    const key = `${rendition} ${msn}`;
    const known = this.#known.get(key);
    this.#known.set(key, known === undefined ? said : merged(known, said));
    return [
      ...(known === undefined
        ? []
        : contradictions(known, said).map((what) => `the ${what} of segment ${msn} changed`)),
      ...this.#compareRenditions(rendition, segment, discontinuityNumber),
    ];
  }

  /** A rendition without media of a run has gaps in its place, which continue the run before. */
  #compareRenditions(rendition: string, segment: ListedSegment, discontinuityNumber: number): string[] {
    if (segment.isGap) return [];
    const { msn } = segment;
    const what = `epoch ${epochOf(segment)} after ${discontinuityNumber} discontinuities`;
    const other = this.#shared.get(msn) ?? { rendition, what };
    this.#shared.set(msn, other);
    return other.what === what ? [] : [`segment ${msn} is of ${what}, in ${other.rendition} of ${other.what}`];
  }
}

function toFacts(segment: ListedSegment, discontinuityNumber: number, isClosed: boolean): Facts {
  const { programDateTimeMs, uri, durationSeconds, isGap } = segment;
  const parts = segment.parts.map((part) => `${part.uri} ${part.durationSeconds}`);
  return {
    discontinuityNumber,
    programDateTimeMs,
    uri,
    durationSeconds,
    isGap: uri === null ? null : isGap,
    parts,
    partCount: isClosed && parts.length > 0 ? parts.length : null,
  };
}

function contradictions(known: Facts, said: Facts): string[] {
  const differ = <T>(a: T | null, b: T | null): boolean => a !== null && b !== null && a !== b;
  const [shorter, longer] = known.parts.length < said.parts.length ? [known, said] : [said, known];
  const rules: readonly (readonly [string, boolean])[] = [
    ['discontinuity number', known.discontinuityNumber !== said.discontinuityNumber],
    ['date', known.programDateTimeMs !== said.programDateTimeMs],
    ['name', differ(known.uri, said.uri)],
    ['duration', differ(known.durationSeconds, said.durationSeconds)],
    ['gap', differ(known.isGap, said.isGap)],
    ['parts', shorter.parts.some((part, index) => part !== longer.parts[index])],
    ['number of parts', differ(known.partCount, said.partCount)],
    ['number of parts', shorter.partCount !== null && longer.parts.length > shorter.partCount],
  ];
  return [...new Set(rules.filter(([, isViolated]) => isViolated).map(([what]) => what))];
}

function merged(known: Facts, said: Facts): Facts {
  return {
    ...known,
    uri: known.uri ?? said.uri,
    durationSeconds: known.durationSeconds ?? said.durationSeconds,
    isGap: known.isGap ?? said.isGap,
    parts: known.parts.length < said.parts.length ? said.parts : known.parts,
    partCount: known.partCount ?? said.partCount,
  };
}
