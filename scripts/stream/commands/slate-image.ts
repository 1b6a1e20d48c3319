import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { SLATE_IMAGE_LIMITS, slateImageTypeOf } from '#domain/slate-images.ts';
import type { PictureFile } from '#scripts/api/control-api-client.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import { defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { findStreamId } from '../find-entry.ts';
import { IF_VERSION_OPTIONS, parseIfVersion } from '../if-version.ts';
import { slateText } from '../stream-text.ts';

const { bytes: MAX_BYTES, pixelsPerSide } = SLATE_IMAGE_LIMITS;

/** What viewers see in the publisher's absence. */
export const slateImage = defineCommand({
  name: 'slate-image',
  summary: 'Give a stream a picture that viewers see while its publisher is away',
  notes: [
    `A PNG or JPEG of at most ${MAX_BYTES / 1000} KB and ${pixelsPerSide}x${pixelsPerSide} pixels. It is scaled to fit.`,
    'It is shown from the next publish on, also that of a publisher who comes back.',
  ],
  operand: 'STREAM',
  optionalOperand: 'FILE',
  options: { remove: { type: 'boolean', help: 'take the picture away' }, ...IF_VERSION_OPTIONS },
  async run({ operand, optionalOperand: path, values }, { api, print }) {
    if ((path === null) !== (values.remove === true))
      throw new CommandError('usage', 'Name either the FILE or --remove.');
    const ifVersion = parseIfVersion(values['if-version']);
    const picture = path === null ? null : await readPicture(path);
    const id = await findStreamId(api, operand);
    if (picture === null) {
      await api.removeSlateImage(id, ifVersion);
      print({ id, removed: true }, () => 'The stream has no picture of its own any more.');
      return;
    }
    const stream = await api.putSlateImage(id, picture, ifVersion);
    print(stream, () => `The slate of "${stream.title}" has a picture: ${slateText(stream)}.`);
  },
});

/** Reads no more than the API would take. The API looks at the rest of the picture. */
async function readPicture(path: string): Promise<PictureFile> {
  const data = await buffer(createReadStream(path, { end: MAX_BYTES })).catch((cause: unknown) => {
    throw new CommandError('usage', `The file can't be read: ${errorMessage(cause)}.`, { cause });
  });
  if (data.length > MAX_BYTES) throw new CommandError('usage', `The file is larger than ${MAX_BYTES / 1000} KB.`);
  const type = slateImageTypeOf(data);
  if (type === null) throw new CommandError('usage', 'The file is neither a PNG nor a JPEG.');
  return { type, data };
}
