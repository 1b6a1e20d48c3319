import { once } from 'node:events';
import { connect } from 'node:net';
import { masterPath, statusPath } from '#domain/playback-paths.ts';
import type { ProbeCheck, ProbeOutcome } from '../probe-check.ts';
import type { ProbeContext } from '../probe-context.ts';
import type { OriginAddress } from '../probe-target.ts';

const REFUSED = 403;
const CONNECT_TIMEOUT_MS = 5_000;

/** Viewers can't go round the edge, which checks their tokens. */
export const origin: ProbeCheck = {
  name: 'origin',
  run: (context) => {
    const { origin: probed } = context.target;
    return probed.kind === 'private' ? checkPrivate(probed.addresses) : checkGuarded(probed.urls, context);
  },
};

/** A laptop's encoder listens on loopback, where its neighbours reach it. So it must refuse protected streams itself. */
async function checkGuarded(urls: readonly string[], context: ProbeContext): Promise<ProbeOutcome> {
  const expected = 'the encoder refuses a protected stream: 403';
  const { playbackId } = await context.protectedBroadcast();
  const answers = urls.flatMap((url) => [masterPath, statusPath].map((path) => `${url}${path(playbackId)}`));
  const wrong: string[] = [];
  for (const url of answers) {
    const { status } = await context.http.get(url, context.signal);
    if (status !== REFUSED)
      wrong.push(`${new URL(url).host} answers ${url.slice(url.lastIndexOf('/') + 1)}: ${status}`);
  }
  return { ok: urls.length > 0 && wrong.length === 0, measured: wrong.join('; ') || expected, expected };
}

async function checkPrivate(addresses: readonly OriginAddress[]): Promise<ProbeOutcome> {
  const expected = `no connection to ${addresses.map(({ what }) => what).join(' or ')}`;
  const open = await Promise.all(addresses.map(async (address) => ((await canConnect(address)) ? [address.what] : [])));
  return {
    ok: addresses.length > 0 && open.flat().length === 0,
    measured: open.flat().length === 0 ? expected : `connected to ${open.flat().join(' and ')}`,
    expected,
  };
}

/** A name that can't be resolved, a refusal and silence all mean that a stranger can't connect. */
async function canConnect({ host, port }: OriginAddress): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
