import type { HttpClient } from '#scripts/check-hls/http-client.ts';
import type { IngestProtocol, ProbeTarget } from './probe-target.ts';
import type { TestBroadcast } from './test-broadcast.ts';

/** How a probe is done. */
export interface ProbeSettings {
  /** How long each test picture is watched. */
  readonly seconds: number;
  /** The 95th percentile of the delay that is still good. */
  readonly maxDelaySeconds: number;
  /** Whether to send a test notice to the alarms' topics. */
  readonly notifies: boolean;
}

/** What every check gets. */
export interface ProbeContext extends ProbeSettings {
  readonly target: ProbeTarget;
  /** For requests that viewers make. */
  readonly http: HttpClient;
  /** Aborts when the probe is interrupted or takes too long. */
  readonly signal: AbortSignal;
  /** The public test stream, on air. The first call publishes it and watches it. */
  publicBroadcast(): Promise<TestBroadcast>;
  /** The same for a stream that needs a viewer token. It is published over TLS where there is TLS. */
  protectedBroadcast(): Promise<TestBroadcast>;
  /** The broadcast that came by a protocol. Null if the platform does not offer the protocol. */
  broadcastBy(protocol: IngestProtocol): Promise<TestBroadcast> | null;
}
