import { type DestinationStream, type Logger, pino } from 'pino';

/** Fields that hold a secret wherever they appear; their values never reach a log line. */
const SECRET_FIELDS = ['streamKey', 'key', 'token', 'adminToken', 'authorization', 'Authorization'];
const REDACTED_PATHS = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** How a logger is made. `destination` defaults to standard error, so that standard output stays a command's answer. */
export interface LoggerOptions {
  /** The process's name, in every line. */
  readonly service: string;
  /** A pino level name; an unknown one throws. */
  readonly level: string;
  readonly destination?: DestinationStream;
}

/** A logger of one JSON line an entry, with secret fields redacted down to the third level. */
export function createLogger({ service, level, destination = pino.destination(2) }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    },
    destination,
  );
}
