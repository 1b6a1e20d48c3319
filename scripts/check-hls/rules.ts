import { ANSWER_RULES } from './rules/answer-rules.ts';
import { DIRECTIVE_RULES } from './rules/directive-rules.ts';
import { IFRAME_PEAK_RULES, IFRAME_PRESENTATION_RULES } from './rules/iframe-presentation-rules.ts';
import { IFRAME_RULES, RANGE_RULES } from './rules/iframe-rules.ts';
import { SILENCE_RULES, STANDSTILL_RULES } from './rules/liveness-rules.ts';
import { MEDIA_PLAYLIST_RULES } from './rules/media-playlist-rules.ts';
import { MULTIVARIANT_RULES } from './rules/multivariant-rules.ts';
import { PART_RULES } from './rules/part-rules.ts';
import { PEAK_RULES, PRESENTATION_RULES } from './rules/presentation-rules.ts';
import { HINT_RULES, MEDIA_ANSWER_RULES, REPORT_RULES, REPORTED_RULES } from './rules/request-rules.ts';
import { SEGMENT_RULES } from './rules/segment-rules.ts';
import { BEGINNING_RULES, SYNTAX_RULES } from './rules/syntax-rules.ts';
import { UPDATE_RULES } from './rules/update-rules.ts';

/** Every rule that a stream is checked against. */
export const HLS_RULES: readonly { readonly id: string; readonly section: string }[] = [
  ...BEGINNING_RULES,
  ...SYNTAX_RULES,
  ...MULTIVARIANT_RULES,
  ...MEDIA_PLAYLIST_RULES,
  ...PART_RULES,
  ...UPDATE_RULES,
  ...SEGMENT_RULES,
  ...PRESENTATION_RULES,
  ...PEAK_RULES,
  ...IFRAME_RULES,
  ...RANGE_RULES,
  ...IFRAME_PRESENTATION_RULES,
  ...IFRAME_PEAK_RULES,
  ...ANSWER_RULES,
  ...SILENCE_RULES,
  ...STANDSTILL_RULES,
  ...DIRECTIVE_RULES,
  ...MEDIA_ANSWER_RULES,
  ...HINT_RULES,
  ...REPORTED_RULES,
  ...REPORT_RULES,
];
