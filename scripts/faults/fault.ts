import type { FaultContext } from './fault-context.ts';
import type { PlayerReport } from './player.ts';

/** One thing that was looked at. */
export interface Observation {
  readonly ok: boolean;
  /** What was seen, in a few words. */
  readonly seen: string;
}

/** What a fault has shown. */
export interface FaultOutcome {
  readonly observations: readonly Observation[];
  readonly players: readonly PlayerReport[];
  /** Why FFmpeg was replaced, once for each time. */
  readonly restarts: readonly string[];
  /** What the control API and the events said. */
  readonly said: readonly string[];
}

/** Something that goes wrong in a broadcast. If it throws, it has failed. */
export interface Fault {
  /** After a slash: which of several. */
  readonly name: string;
  /** What shall happen. */
  readonly expected: string;
  /** How long it goes on, if that is long. @default less than any limit */
  readonly seconds?: number;
  /** The outcome, or why this machine can't tell. */
  run(context: FaultContext): Promise<FaultOutcome | SkippedFault>;
}

/** This machine lacks a program. */
export interface SkippedFault {
  readonly skipped: string;
}

/** Whether a fault has a name, or has it before the slash. */
export const isNamed = (fault: Fault, name: string): boolean =>
  fault.name === name || fault.name.startsWith(`${name}/`);
