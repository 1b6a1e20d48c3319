import { CORS_EXPOSED_HEADERS } from '#domain/hls-files.ts';
import { PLAYED_KINDS, type PlayedAnswers } from '../played-answers.ts';
import type { ProbeCheck, ProbeOutcome } from '../probe-check.ts';

/** Players on any site may load every kind of file. */
export const corsOrigin: ProbeCheck = {
  name: 'cors/allow-origin',
  run: async ({ publicBroadcast }) =>
    everyKind((await publicBroadcast()).answers, 'access-control-allow-origin', '*', (value) => value === '*'),
};

/** They may read the headers that tell them how old an answer is. */
export const corsExposedHeaders: ProbeCheck = {
  name: 'cors/expose-headers',
  run: async ({ publicBroadcast }) =>
    everyKind(
      (await publicBroadcast()).answers,
      'access-control-expose-headers',
      CORS_EXPOSED_HEADERS.join(', '),
      (value) => {
        const exposed = value.toLowerCase().split(/\s*,\s*/);
        return CORS_EXPOSED_HEADERS.every((name) => exposed.includes(name.toLowerCase()));
      },
    ),
};

function everyKind(
  answers: PlayedAnswers,
  header: string,
  expected: string,
  isRight: (value: string) => boolean,
): ProbeOutcome {
  const wrong = PLAYED_KINDS.flatMap((kind) =>
    answers
      .valuesOf(kind, header)
      .filter((value) => !isRight(value))
      .map((value) => `${kind}: ${value || 'none'}`),
  );
  return {
    ok: wrong.length === 0,
    measured: wrong.length === 0 ? expected : wrong.join('; '),
    expected,
  };
}
