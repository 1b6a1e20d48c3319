import { type Box, BoxStream } from '#encoder/package/box-stream.ts';
import { parseFragment } from '#encoder/package/fragment.ts';
import { type InitSection, parseInitSection } from '#encoder/package/init-section.ts';

/** Counts the complete frames of a fragmented MP4 that arrives in arbitrary chunks. */
export class FrameCounter {
  frames = 0;
  readonly #boxes = new BoxStream();
  #initSection: InitSection | null = null;
  #before: Box | null = null;

  /** Adds the next chunk and returns how many frames it completed. */
  add(chunk: Buffer): number {
    const known = this.frames;
    for (const box of this.#boxes.push(chunk)) {
      if (box.type === 'moov' && this.#before !== null) this.#initSection = parseInitSection(this.#before, box);
      if (box.type === 'mdat' && this.#before !== null && this.#initSection !== null) {
        this.frames += parseFragment(this.#before, box, this.#initSection.defaults).length;
      }
      this.#before = box;
    }
    return this.frames - known;
  }
}
