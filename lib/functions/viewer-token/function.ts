import cf from 'cloudfront';
// biome-ignore lint/style/useNodejsImportProtocol: CloudFront's runtime has the module under this name.
import crypto from 'crypto';
import { needsViewerToken, PLAYBACK_ID_SOURCE } from '#domain/playback-ids.ts';
import {
  isViewerTokenValid,
  type SignText,
  VIEWER_TOKEN_KEYS_NAME,
  type ViewerTokenKeys,
} from '#domain/viewer-tokens.ts';
import type { EdgeRequest, EdgeResponse, ViewerRequestEvent } from './edge-event.ts';

/** Allows neither escapes nor dot segments. So whatever reads the path after this function sees the same id in it. */
const MEDIA_PATH = new RegExp(`^(?:/t/([^/]+))?/live/(${PLAYBACK_ID_SOURCE})((?:/[a-z0-9][a-z0-9.-]*)+)$`);

/** The health of every stream, public ones too, needs a token for just that. */
const HEALTH_FILE = '/health.json';

const sign: SignText = (key, text) => crypto.createHmac('sha256', key).update(text).digest('base64url');

/**
 * The viewer-token function. CloudFront calls it before the cache, for each request of playlists and media. It removes
 * a valid token from the path, so that all viewers share the cache. It refuses requests for a protected stream, and for
 * the health of any, without a valid token, and every path that is not exactly one of ours: a behavior's path pattern matches more than these.
 */
export async function handler(event: ViewerRequestEvent): Promise<EdgeRequest | EdgeResponse> {
  const request = event.request;
  const path = MEDIA_PATH.exec(request.uri);
  if (path === null) return refuse(404, 'Not Found', 'not found');
  const playbackId = path[2] ?? '';
  const use = path[3] === HEALTH_FILE ? 'health' : 'viewing';
  if (use === 'health' || needsViewerToken(playbackId)) {
    const token = path[1];
    if (token === undefined) return refuse(403, 'Forbidden', 'this stream asks for a viewer token');
    const keys = await readKeys();
    if (keys === null) return refuse(503, 'Service Unavailable', 'viewer tokens cannot be checked now');
    if (!isViewerTokenValid({ token, playbackId, use, keys, nowMs: Date.now() }, sign)) {
      return refuse(403, 'Forbidden', 'this viewer token has expired or is for something else');
    }
  }
  request.uri = `/live/${playbackId}${path[3]}`;
  return request;
}

/** Null if the store or its keys are missing. Then nobody gets in, and the log says why. */
async function readKeys(): Promise<ViewerTokenKeys | null> {
  try {
    return (await cf.kvs().get(VIEWER_TOKEN_KEYS_NAME, { format: 'json' })) as ViewerTokenKeys;
  } catch (error) {
    console.log(`the keys of viewer tokens cannot be read: ${error}`);
    return null;
  }
}

/** Pages of other origins may read the status, as they may with the origin's answers. */
const refuse = (statusCode: number, statusDescription: string, reason: string): EdgeResponse => ({
  statusCode,
  statusDescription,
  headers: {
    'content-type': { value: 'text/plain; charset=utf-8' },
    'access-control-allow-origin': { value: '*' },
    'x-content-type-options': { value: 'nosniff' },
  },
  body: { encoding: 'text', data: `${reason}\n` },
});
