import { createHmac } from 'node:crypto';
import type { SignText } from '#domain/viewer-tokens.ts';

/** HMAC-SHA-256 by Node.js. */
export const hmacSha256: SignText = (key, text) => createHmac('sha256', key).update(text).digest('base64url');
