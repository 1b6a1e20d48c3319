import { bodyBytes, CORS_HEADERS, type OriginResponse } from './origin-response.ts';

const SINGLE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/**
 * Applies a Range header to a 200 response (RFC 9110 14.2). A single range gives a 206, or a 416 if it is outside the
 * body. Ignores multiple ranges, other units, and ranges that end before they start, as the RFC allows or requires.
 */
export function applyRange(response: OriginResponse, range: string | undefined): OriginResponse {
  if (range === undefined || response.status !== 200 || response.headers['accept-ranges'] !== 'bytes') return response;
  const [matched, first = '', last = ''] = SINGLE_RANGE.exec(range) ?? [];
  if (matched === undefined || (first === '' && last === '')) return response;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return response;
  const totalBytes = bodyBytes(response);
  const { start, end } = resolveRange(first, last, totalBytes);
  if (start >= totalBytes) {
    return { status: 416, headers: { ...CORS_HEADERS, 'content-range': `bytes */${totalBytes}` }, body: [] };
  }
  return {
    status: 206,
    headers: { ...response.headers, 'content-range': `bytes ${start}-${end}/${totalBytes}` },
    body: slice(response.body, start, end + 1),
  };
}

/** The first and the last byte, inclusive. `bytes=-N` means the last N bytes. */
function resolveRange(first: string, last: string, totalBytes: number): { start: number; end: number } {
  if (first === '') {
    const suffixBytes = Number(last);
    return { start: suffixBytes === 0 ? totalBytes : Math.max(0, totalBytes - suffixBytes), end: totalBytes - 1 };
  }
  return { start: Number(first), end: last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1) };
}

function slice(buffers: readonly Buffer[], start: number, end: number): Buffer[] {
  const slices: Buffer[] = [];
  let offset = 0;
  for (const buffer of buffers) {
    const from = Math.max(0, start - offset);
    const to = Math.min(buffer.length, end - offset);
    if (from < to) slices.push(buffer.subarray(from, to));
    offset += buffer.length;
  }
  return slices;
}
