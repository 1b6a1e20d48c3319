import type { Evidence, HlsRule } from './rule.ts';

/** A rule that was broken. */
export interface HlsFinding {
  readonly rule: string;
  readonly section: string;
  readonly evidence: string;
}

/** All that was seen of one rule at one place. */
interface BrokenRule {
  readonly rule: string;
  readonly section: string;
  readonly place: string;
  count: number;
  readonly evidence: Set<Evidence>;
}

const MAX_EVIDENCE = 200;
const MAX_PLACES = 2_000;
const MAX_EVIDENCE_CHARACTERS = 300;

/** Broken rules, by rule and place. */
export class FindingList {
  readonly #broken = new Map<string, BrokenRule>();

  /** Checks something that was seen at a place, such as a playlist. */
  check<Subject>(rules: readonly HlsRule<Subject>[], place: string, subject: Subject): void {
    for (const { id, section, check } of rules) {
      for (const evidence of check(subject)) this.#add(id, section, place, evidence);
    }
  }

  /** One for each rule and place. */
  findings(): HlsFinding[] {
    return [...this.#broken.values()].map(({ rule, section, place, count, evidence }) => {
      const [first = ''] = evidence;
      const repeated = count === 1 ? '' : ` (${count} times)`;
      return { rule, section, evidence: `${place}: ${bounded(first)}${repeated}` };
    });
  }

  /** One for each thing that was seen. */
  details(): HlsFinding[] {
    return [...this.#broken.values()].flatMap(({ rule, section, place, evidence }) =>
      [...evidence].map((each) => ({ rule, section, evidence: `${place}: ${each}` })),
    );
  }

  #add(rule: string, section: string, place: string, evidence: Evidence): void {
    const key = `${rule} ${place}`;
    const known = this.#broken.get(key) ?? { rule, section, place, count: 0, evidence: new Set<Evidence>() };
    if (!this.#broken.has(key) && this.#broken.size >= MAX_PLACES) return;
    this.#broken.set(key, known);
    known.count++;
    if (known.evidence.size < MAX_EVIDENCE) known.evidence.add(evidence);
  }
}

function bounded(text: string): string {
  return text.length <= MAX_EVIDENCE_CHARACTERS ? text : `${text.slice(0, MAX_EVIDENCE_CHARACTERS)}…`;
}
