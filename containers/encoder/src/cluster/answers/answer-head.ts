/** What comes before the body of an answer (RFC 9112 4 and 5). */
export interface AnswerHead {
  readonly status: number;
  /** Names, in lower case, and values in turn. */
  readonly headers: readonly string[];
  /** Null if the head does not say it. */
  readonly contentLength: number | null;
  /** Whether the body comes in chunks, because it is still being made. */
  readonly isChunked: boolean;
  /** Whether the task takes further requests on the connection. */
  readonly keepsConnection: boolean;
}

/** The value of the first header with a name in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return headers[at + 1];
  return undefined;
}

const STATUS_LINE = /^HTTP\/1\.1 ([2-5][0-9][0-9]) /;
const DECIMAL = /^[0-9]{1,15}$/;
const CLOSE = /(?:^|[\s,])close(?:$|[\s,])/i;

/** Parses a head as our own tasks send it, without the empty line at its end. Throws if it is anything else. */
export function parseAnswerHead(text: string): AnswerHead {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) throw new Error('the answer does not begin with a status line of HTTP/1.1');
  const headers: string[] = [];
  let contentLength: number | null = null;
  let isChunked = false;
  let keepsConnection = true;
  for (const line of lines) {
    const colonAt = line.indexOf(':');
    if (colonAt < 1) throw new Error('the answer has a header without a name');
    const name = line.slice(0, colonAt).toLowerCase();
    const value = line.slice(colonAt + 1).trim();
    headers.push(name, value);
    if (name === 'transfer-encoding') {
      if (isChunked || value !== 'chunked') throw new Error('the answer is encoded in a way that is not known');
      isChunked = true;
    }
    if (name === 'connection' && CLOSE.test(value)) keepsConnection = false;
    if (name !== 'content-length') continue;
    if (contentLength !== null || !DECIMAL.test(value)) throw new Error('the answer does not say how long it is');
    contentLength = Number(value);
  }
  if (isChunked && contentLength !== null) throw new Error('the answer says in two ways how long it is');
  return { status: Number(status), headers, contentLength, isChunked, keepsConnection };
}
