import { makeClip } from '#kit/clip.ts';
import { ReturningPublisher } from '#kit/returning-publisher.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

const WATCHED_SECONDS = 40;
/** Three takeovers are allowed within a minute, and the first publish is none. */
const MAX_ACCEPTED = 4;
const CLIP = { width: 320, height: 180, seconds: 8, videoKbps: 300 } as const;
const REFUSALS = ['stream.contested', 'stream.refused'];
const WARNING = /another|second|two|other/i;

/** Somebody forgot a second encoder with the same key; both reconnect whenever they are cut. */
export const twoEncoders: Fault = {
  name: 'two-encoders',
  expected:
    'after three takeovers in a minute the one on air keeps the stream, and the other is refused in words; a warning says so',
  run: async (context) => {
    const scene = await Scene.open(context);
    const options = { clipPath: await makeClip(CLIP), rtmpUrl: scene.publishUrl, retryDelayMs: 1_000 };
    const publishers = [new ReturningPublisher(options), new ReturningPublisher(options)];
    context.defer(() => Promise.all(publishers.map((publisher) => publisher.stop())));
    // The picture changes again and again, so nobody is asked to play it.
    await scene.untilPlayable();
    await scene.pass(WATCHED_SECONDS);
    const accepted = publishers.reduce((sum, { acceptedAtMs }) => sum + acceptedAtMs.length, 0);
    const refusal = scene.api.events.find(({ type }) => REFUSALS.includes(type));
    const warning = scene.api.warnings.find((each) => WARNING.test(each));
    return scene.outcome([
      observation(accepted <= MAX_ACCEPTED, `${accepted} publishes were accepted in ${WATCHED_SECONDS} s`),
      observation(refusal !== undefined, refusal === undefined ? 'nobody was refused' : `${refusal.type}`),
      observation(warning !== undefined, warning === undefined ? 'no warning' : 'the warning came'),
    ]);
  },
};
