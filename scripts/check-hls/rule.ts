/** What breaks a rule, as a line that says what was seen. */
export type Evidence = string;

/** One rule about something that was observed. */
export interface HlsRule<Subject> {
  /** Stable, in kebab case. */
  readonly id: string;
  /** Of draft-pantos-hls-rfc8216bis, unless it names another document. */
  readonly section: string;
  /** A line for each time that the subject breaks the rule. */
  readonly check: (subject: Subject) => readonly Evidence[];
}

/** A line if something is broken. */
export function when(isBroken: boolean, evidence: () => Evidence): readonly Evidence[] {
  return isBroken ? [evidence()] : [];
}
