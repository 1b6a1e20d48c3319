import { type DestinationStream, type Logger, pino } from 'pino';

/** Fields that hold a secret wherever they appear. Their values never reach a log line. */
const SECRET_FIELDS = ['streamKey', 'key', 'token', 'adminToken', 'authorization', 'Authorization'];
const REDACTED_PATHS = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** Options of a logger. */
export interface LoggerOptions {
  /** The process's name. It is in every line. */
  readonly service: string;
  /** Name of a pino level. An unknown level throws. */
  readonly level: string;
  /** @default standard error, because standard output is for a command's result */
  readonly destination?: DestinationStream;
}

/** A logger that writes one line of JSON per entry and redacts secret fields down to the third level. */
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
