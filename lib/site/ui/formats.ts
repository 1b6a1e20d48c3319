/** Numbers and moments as people of one language read them. */
export interface Formats {
  /** For example "4.2 Mbit/s" or "640 kbit/s". */
  bitrate(kbps: number): string;
  number(value: number, fractionDigits?: number): string;
  /** For example "29 Nov 2026, 18:30". */
  moment(atMs: number): string;
  /** For example "18:30:05". */
  time(atMs: number): string;
  /** From one moment to another, for example "3 minutes ago" or "in 2 days". */
  relative(atMs: number, nowMs: number): string;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** `locale` is a BCP 47 tag. */
export function createFormats(locale: string): Formats {
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const numbers = [0, 1, 2].map(
    (digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  const number = (value: number, fractionDigits = 0): string => numbers[fractionDigits]?.format(value) ?? `${value}`;
  return {
    number,
    bitrate: (kbps) => (kbps >= 1_000 ? `${number(kbps / 1_000, 1)} Mbit/s` : `${number(kbps)} kbit/s`),
    moment: (atMs) => moment.format(atMs),
    time: (atMs) => time.format(atMs),
    relative: (atMs, nowMs) => {
      const seconds = Math.round((atMs - nowMs) / 1_000);
      const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
      return relative.format(Math.trunc(seconds / size), unit);
    },
  };
}

/** A duration as a clock shows it, for example "1:03" or "1:02:03". */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const [first, ...rest] = parts[0] === 0 ? parts.slice(1) : parts;
  return [first, ...rest.map((part) => `${part}`.padStart(2, '0'))].join(':');
}
