import { jest } from '@jest/globals';
import { PlaylistCache } from '#encoder/origin/playlist-cache.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { encodeRun, feed, interleaved, toMediaRun } from '#test/support/encoded-run.ts';

/** Counts how often it is asked for a codec: once per rendition each time the multivariant playlist is rendered. */
class CountingPackage extends StreamPackage {
  codecReads = 0;

  override codec(rendition: string): string | null {
    this.codecReads += 1;
    return super.codec(rendition);
  }
}

test('a multivariant playlist is rendered once per change, not once per request', async () => {
  const encoded = await encodeRun();
  const steps = interleaved(encoded);
  const stream = new CountingPackage({ latency: 'low', firstMsn: 100 });
  const cache = new PlaylistCache();
  expect(cache.multivariant(stream)).toBeUndefined();
  const sink = stream.beginRun(toMediaRun(encoded, 7));
  // Every rendition has a whole segment by then.
  const enough = Math.floor(steps.length / 2);
  feed(sink, steps.slice(0, enough));
  const first = cache.multivariant(stream);
  const { codecReads } = stream;
  expect(codecReads).toBeGreaterThan(0);
  expect(cache.multivariant(stream)).toBe(first);
  expect(stream.codecReads).toBe(codecReads);
  feed(sink, steps.slice(enough));
  expect(cache.multivariant(stream)).not.toBe(first);
});

test('a DASH manifest announces nothing once the publisher is silent, although nothing has changed', async () => {
  const encoded = await encodeRun();
  const steps = interleaved(encoded);
  const stream = new StreamPackage({ latency: 'low', firstMsn: 100 });
  const cache = new PlaylistCache();
  feed(stream.beginRun(toMediaRun(encoded, 7)), steps.slice(0, Math.floor(steps.length / 2)));
  const endOf = (manifest: string): number =>
    Math.max(
      ...[...manifest.matchAll(/<S t="(\d+)" d="(\d+)"(?: r="(\d+)")?/g)].map(
        ([, t, d, r = '0']) => Number(t) + Number(d) * (Number(r) + 1),
      ),
    );
  const manifest = () => cache.dashManifest(stream, 0);
  const clock = jest.spyOn(performance, 'now');
  try {
    const nowMs = performance.now();
    clock.mockReturnValue(nowMs);
    const going = manifest();
    expect(manifest()).toBe(going);
    clock.mockReturnValue(nowMs + stream.silenceMs + 60_000);
    const silent = manifest();
    expect(endOf(String(silent?.plain))).toBeLessThan(endOf(String(going?.plain)));
    expect(manifest()).toBe(silent);
  } finally {
    clock.mockRestore();
  }
});
