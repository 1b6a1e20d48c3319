import { createHash } from 'node:crypto';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import {
  SLATE_IMAGE_LIMITS,
  SLATE_IMAGE_TYPES,
  type SlateImageFacts,
  type SlateImageType,
} from '#domain/slate-images.ts';
import { noteChange, noteRepeat, streamFields } from './audit-notes.ts';
import { idPathSchema, ifMatchHeaderSchema } from './parameter-schemas.ts';
import { PictureError, readPictureHeader } from './picture-header.ts';
import { ProblemError } from './problem.ts';
import { jsonWithTag, problems } from './responses.ts';
import { needs, type RouteName } from './route-access.ts';
import { streamSchema } from './schemas.ts';
import { findStream, type StreamsDependencies } from './stream-access.ts';
import { toStreamBody } from './stream-body.ts';
import { entityTag, nextVersion, requireMatch, versionConflict } from './stream-version.ts';

const PATH = '/api/streams/{id}/slate-image';

/** The only route that takes more than a few kilobytes. */
export const PUT_SLATE_IMAGE: RouteName = 'PUT /api/streams/:id/slate-image';

/**
 * As how many requests it counts. A picture takes 293 write units of a partition, which has 1,000 a second, and the leases of streams are
 * in the same table.
 */
export const SLATE_IMAGE_WEIGHT = 100;

const { bytes: MAX_BYTES, pixelsPerSide } = SLATE_IMAGE_LIMITS;
const picture = { schema: z.string().openapi({ format: 'binary' }) };
const pictureContent = { 'image/png': picture, 'image/jpeg': picture } satisfies Record<SlateImageType, object>;

const putSlateImageRoute = createRoute({
  method: 'put',
  path: PATH,
  summary: 'Give the slate of a stream a picture',
  description:
    "Viewers see it while the stream waits for its publisher or for its picture, in place of the deployment's or a text. It is a " +
    `PNG or JPEG of at most ${MAX_BYTES} bytes and ${pixelsPerSide}x${pixelsPerSide} pixels, and is scaled to fit. A ` +
    'change holds from the next publish on, also that of a publisher who comes back.',
  security: needs('streams:write'),
  request: { params: idPathSchema, headers: ifMatchHeaderSchema, body: { content: pictureContent, required: true } },
  responses: {
    200: jsonWithTag(streamSchema, 'The stream with its picture'),
    ...problems(404, 409, 412, 413, 415, 422),
  },
});

const getSlateImageRoute = createRoute({
  method: 'get',
  path: PATH,
  summary: 'Get the picture of the slate of a stream',
  security: needs('streams:read'),
  request: { params: idPathSchema },
  responses: { 200: { description: 'The picture', content: pictureContent }, ...problems(404) },
});

const removeSlateImageRoute = createRoute({
  method: 'delete',
  path: PATH,
  summary: "Take the picture of a stream's slate away",
  description: 'A change holds from the next publish on.',
  security: needs('streams:write'),
  request: { params: idPathSchema, headers: ifMatchHeaderSchema },
  responses: { 204: { description: 'The stream has no picture of its own' }, ...problems(404, 409, 412, 413, 422) },
});

/** Adds the routes of a stream's own picture. The record is changed first: its version says which of two changes is newer. */
export function addSlateImageRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  const { streams, slateImages, live, addresses, now } = dependencies;

  app.openapi(putSlateImageRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const ifMatch = context.req.valid('header')['if-match'];
    requireMatch(ifMatch, stream.version);
    const data = Buffer.from(await context.req.arrayBuffer());
    const slateImage = readFacts(context, data);
    let changed = stream;
    // A repeat stores the picture all the same: it may be the one thing that failed before.
    if (stream.slateImage?.sha256 === slateImage.sha256) noteRepeat(context);
    else {
      changed = nextVersion(stream, { slateImage }, now());
      if (!(await streams.replace(changed))) throw versionConflict(ifMatch);
      noteChange(context, { before: streamFields(stream), after: streamFields(changed) });
    }
    await slateImages.put({ streamId: stream.id, version: changed.version }, { type: slateImage.type, data });
    const body = toStreamBody(changed, await live.getPresence(stream.id), addresses, now());
    return context.json(body, 200, { ETag: entityTag(changed.version) });
  });

  app.openapi(getSlateImageRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const image = stream.slateImage ? await slateImages.get(stream.id) : null;
    if (image === null)
      throw new ProblemError({ status: 404, detail: 'The stream has no picture of its own for its slate.' });
    return context.body(Buffer.from(image.data), 200, { 'Content-Type': image.type });
  });

  app.openapi(removeSlateImageRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const ifMatch = context.req.valid('header')['if-match'];
    requireMatch(ifMatch, stream.version);
    let changed = stream;
    if (!stream.slateImage) noteRepeat(context);
    else {
      changed = nextVersion(stream, { slateImage: null }, now());
      if (!(await streams.replace(changed))) throw versionConflict(ifMatch);
      noteChange(context, { before: streamFields(stream), after: streamFields(changed) });
    }
    await slateImages.remove({ streamId: stream.id, version: changed.version }, now());
    return context.body(null, 204);
  });
}

/** Throws a 415 or a 422 for what is no picture. The header of the request alone proves nothing. */
function readFacts(context: Context, data: Buffer): SlateImageFacts {
  const said = context.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase();
  if (!SLATE_IMAGE_TYPES.some((type) => type === said))
    throw new ProblemError({ status: 415, detail: `The body must be ${SLATE_IMAGE_TYPES.join(' or ')}.` });
  if (data.length === 0) throw new ProblemError({ status: 422, detail: 'The body is empty.' });
  try {
    const header = readPictureHeader(data);
    if (header.type !== said) throw new PictureError(`The body is ${header.type}, and not ${said}.`);
    return { ...header, bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
  } catch (error) {
    if (error instanceof PictureError) throw new ProblemError({ status: 422, detail: error.message });
    throw error;
  }
}
