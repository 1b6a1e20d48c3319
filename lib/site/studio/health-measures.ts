import type { HEALTH_MEASURES } from '#domain/health-report.ts';
import { formats, text } from './text.ts';

/** A measure of a stream's health. */
export type MeasureName = (typeof HEALTH_MEASURES)[number];

/** How a value reads. */
export function measureText(name: MeasureName, value: number | null): string {
  if (value === null) return name === 'audioLevelDb' ? text.health.noSound : text.health.unknown;
  switch (name) {
    case 'inputKbps':
      return formats.bitrate(value);
    case 'frameRate':
      return `${formats.number(value, 1)} fps`;
    case 'keyframeIntervalSeconds':
      return `${formats.number(value, 1)} s`;
    case 'encoderSpeed':
      return `${formats.number(value, 2)}×`;
    case 'audioLevelDb':
      return `${formats.number(value)} dBFS`;
    case 'droppedFrames':
      return formats.number(value);
  }
}

/** Whether a value is one that the broadcaster should look at. The server's warnings say what to do. */
export function isBad(name: MeasureName, value: number | null): boolean {
  if (value === null) return false;
  if (name === 'keyframeIntervalSeconds') return value > 4;
  if (name === 'encoderSpeed') return value < 0.97;
  if (name === 'droppedFrames') return value > 10;
  return false;
}
