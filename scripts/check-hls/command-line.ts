import { parseArgs } from 'node:util';
import { UserError } from '#scripts/terminal/errors.ts';

export interface CheckHlsCommandLine {
  readonly url: string;
  readonly seconds: number;
  readonly isJson: boolean;
}

const SECONDS = { usual: 60, least: 1, most: 86_400 } as const;

export const CHECK_HLS_USAGE = `npm run check:hls -- URL [options]
  URL          of a live stream's multivariant playlist, or of one media playlist
  --seconds N  how long it is watched, ${SECONDS.least} to ${SECONDS.most} (default ${SECONDS.usual}), or until the stream ends
  --json       print one line of JSON: {"watchedSeconds","findings":[{"rule","section","evidence"}]}
Watches the stream as a low-latency player does, all renditions at once, and checks what it sees against RFC 8216bis.
Exit codes: 0 nothing was found, 1 something was, 2 wrong usage, 3 the stream could not be watched.`;

/** Parses the command line. Null if it asks for help. Throws a UserError if it is wrong. */
export function parseCheckHlsCommandLine(args: readonly string[]): CheckHlsCommandLine | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: String(SECONDS.usual) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const [url = '', ...others] = positionals;
  if (url === '' || others.length > 0) throw new UserError('Give the URL of one playlist.');
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new UserError(`${url} is not an HTTP URL.`);
  const seconds = Number(values.seconds);
  if (!(seconds >= SECONDS.least && seconds <= SECONDS.most)) {
    throw new UserError(`--seconds ${values.seconds} is not from ${SECONDS.least} to ${SECONDS.most}.`);
  }
  return { url, seconds, isJson: values.json };
}
