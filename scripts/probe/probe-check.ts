import type { ProbeContext } from './probe-context.ts';

/** What a check found. */
export interface ProbeOutcome {
  /** Null if the platform does not offer what is checked. */
  readonly ok: boolean | null;
  readonly measured: string;
  readonly expected: string;
}

/** One thing that a platform must do. If it throws, it has failed. */
export interface ProbeCheck {
  /** What is checked. After a slash: which of several. */
  readonly name: string;
  run(context: ProbeContext): Promise<ProbeOutcome>;
}

/** The outcome for something that this platform does not have. */
export const notOffered = (expected: string): ProbeOutcome => ({ ok: null, measured: 'not offered', expected });
