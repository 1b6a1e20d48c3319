import { type Box, BoxStream } from './box-stream.ts';
import { parseFragment, type Sample } from './fragment.ts';
import { type InitSection, parseInitSection } from './init-section.ts';

export interface FragmentReaderOptions {
  readonly onHeader: (initSection: InitSection) => void;
  readonly onSample: (sample: Sample) => void;
}

/** Reads a fragmented MP4 of one track that comes in chunks: a header (ftyp and moov), and then fragments (moof and mdat). */
export class FragmentReader {
  readonly #options: FragmentReaderOptions;
  readonly #boxes = new BoxStream();
  #ftyp: Box | null = null;
  #moof: Box | null = null;
  #initSection: InitSection | null = null;

  constructor(options: FragmentReaderOptions) {
    this.#options = options;
  }

  /** Null until the header has come. */
  get initSection(): InitSection | null {
    return this.#initSection;
  }

  /** Returns how many frames the chunk completed. Throws on a malformed stream. */
  write(chunk: Buffer): number {
    return this.#boxes.push(chunk).reduce((frames, box) => frames + this.#onBox(box), 0);
  }

  #onBox(box: Box): number {
    if (box.type === 'ftyp') this.#ftyp = box;
    else if (box.type === 'moov') this.#onHeader(box);
    else if (box.type === 'moof') this.#moof = box;
    else if (box.type === 'mdat') return this.#onMedia(box);
    return 0;
  }

  #onHeader(moov: Box): void {
    if (this.#ftyp === null) throw new Error('a moov without an ftyp before it');
    this.#initSection = parseInitSection(this.#ftyp, moov);
    this.#options.onHeader(this.#initSection);
  }

  #onMedia(mdat: Box): number {
    if (this.#moof === null || this.#initSection === null) throw new Error('an mdat without a moof or moov before it');
    const samples = parseFragment(this.#moof, mdat, this.#initSection.defaults);
    this.#moof = null;
    for (const sample of samples) this.#options.onSample(sample);
    return samples.length;
  }
}
