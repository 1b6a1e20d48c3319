import { signalWithin } from '#runtime/signal-within.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { HttpClient } from '#scripts/check-hls/http-client.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import type { ProbeCheck, ProbeOutcome } from './probe-check.ts';
import type { ProbeContext, ProbeSettings } from './probe-context.ts';
import type { IngestProtocol, ProbeTarget } from './probe-target.ts';
import { broadcastAndWatch, type TestBroadcast } from './test-broadcast.ts';

export interface ProbeOptions {
  readonly target: ProbeTarget;
  readonly settings: ProbeSettings;
  readonly checks: readonly ProbeCheck[];
  /** Aborts when somebody interrupts the probe. */
  readonly interrupted: AbortSignal;
  /** Says what the probe is doing. */
  readonly note: (line: string) => void;
}

/** A check with its outcome. */
export interface ProbeRow extends ProbeOutcome {
  readonly check: string;
}

export interface ProbeReport {
  readonly rows: readonly ProbeRow[];
  /** False if somebody interrupted the probe. */
  readonly isComplete: boolean;
  /** What could not be removed again, one line each. */
  readonly leftovers: readonly string[];
}

const UNMEASURED_SECONDS = 2;
/** For everything besides the two times that a picture is watched. Each wait has a limit of its own, too. */
const OVERHEAD_MS = 240_000;

/** Runs the checks one after another, and then removes all that they made, whatever happened. Prints nothing secret. */
export async function runProbe({ target, settings, checks, interrupted, note }: ProbeOptions): Promise<ProbeReport> {
  const limitMs = OVERHEAD_MS + 2 * settings.seconds * 1000;
  const signal = signalWithin(limitMs, interrupted);
  const secrets = new Set([target.token]);
  const mask = (text: string): string => [...secrets].reduce((left, each) => left.replaceAll(each, '[secret]'), text);
  const cleanUps: (() => Promise<unknown>)[] = [];
  const http = new HttpClient();
  const broadcasts = new TestBroadcasts(target, (options) =>
    broadcastAndWatch({
      ...{ ...options, signal, note, playbackBaseUrl: target.playbackBaseUrl },
      // Only a protocol's own picture is measured. For the rest it is enough that there is media of each kind.
      seconds: options.isMeasured ? settings.seconds : UNMEASURED_SECONDS,
      ...{ defer: (cleanUp) => cleanUps.push(cleanUp), hide: (secret) => secrets.add(secret) },
    }),
  );
  const context: ProbeContext = {
    ...{ ...settings, target, http, signal },
    publicBroadcast: () => broadcasts.get('public'),
    protectedBroadcast: () => broadcasts.get('token'),
    broadcastBy: (protocol) => broadcasts.by(protocol),
  };
  const rows: ProbeRow[] = [];
  for (const check of checks) {
    if (interrupted.aborted) break;
    const { ok, measured, expected } = await check.run(context).catch(toOutcome);
    // What failed because it was interrupted says nothing about the platform.
    if (interrupted.aborted && ok === false) break;
    rows.push({ check: check.name, ok, measured: mask(measured), expected });
  }
  const leftovers: string[] = [];
  for (const cleanUp of cleanUps.toReversed()) {
    await cleanUp().catch((error) => leftovers.push(mask(errorMessage(error))));
  }
  http.close();
  return { rows, isComplete: !interrupted.aborted, leftovers };
}

const toOutcome = (error: unknown): ProbeOutcome => ({
  ok: false,
  measured: errorMessage(error),
  expected: 'no error',
});

type TestPlayback = 'public' | 'token';
type Begin = (options: {
  readonly api: ControlApiClient;
  readonly playback: TestPlayback;
  readonly protocol: IngestProtocol;
  readonly ingestUrl: string;
  /** Whether the broadcast stands for its protocol. */
  readonly isMeasured: boolean;
}) => Promise<TestBroadcast>;

/** The two broadcasts of a probe, each made when it is first asked for. */
class TestBroadcasts {
  readonly #target: ProbeTarget;
  readonly #api: ControlApiClient;
  readonly #begin: Begin;
  readonly #begun = new Map<TestPlayback, Promise<TestBroadcast>>();

  constructor(target: ProbeTarget, begin: Begin) {
    this.#target = target;
    this.#api = new ControlApiClient(target);
    this.#begin = begin;
  }

  get(playback: TestPlayback): Promise<TestBroadcast> {
    const begun = this.#begun.get(playback) ?? this.#start(playback);
    this.#begun.set(playback, begun);
    return begun;
  }

  by(protocol: IngestProtocol): Promise<TestBroadcast> | null {
    const playback = this.#measuredFor(protocol);
    return playback === undefined ? null : this.get(playback);
  }

  #measuredFor(protocol: IngestProtocol): TestPlayback | undefined {
    return (['public', 'token'] as const).find((each) => this.#protocolOf(each) === protocol);
  }

  async #start(playback: TestPlayback): Promise<TestBroadcast> {
    const protocol = this.#protocolOf(playback);
    const ingestUrl = protocol && this.#target.ingestUrls[protocol];
    if (protocol === null || ingestUrl === null) throw new Error('there is no address to publish to');
    const isMeasured = this.#measuredFor(protocol) === playback;
    return this.#begin({ api: this.#api, playback, protocol, ingestUrl, isMeasured });
  }

  /** The two streams share the protocols among them, if there are two. */
  #protocolOf(playback: TestPlayback): IngestProtocol | null {
    const order = playback === 'public' ? (['rtmp', 'rtmps'] as const) : (['rtmps', 'rtmp'] as const);
    return order.find((protocol) => this.#target.ingestUrls[protocol] !== null) ?? null;
  }
}
