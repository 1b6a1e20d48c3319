import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from '#domain/stream-ids.ts';
import { writeLocalState } from '#scripts/local/local-state.ts';
import { startPlatform } from '#scripts/local/platform.ts';
import { resolvePort } from '#scripts/local/ports.ts';
import { UserError } from '#scripts/terminal/errors.ts';

test('an RTMP port that is taken after it was found free is reported in one line', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'headend-platform-'));
  await writeLocalState(dataDir, { adminToken: generateSecret(randomBytes), viewerTokenKeys: '', streams: {} });
  // The platform's own HTTP server takes the port before the encoder.
  const port = await resolvePort('127.0.0.1', 0, '--http-port');
  const started = startPlatform({
    ...{ httpPort: port, rtmpPort: port, tasks: 1, dataDir, host: null, demo: false, json: true },
    ...{ slate: true, slateImage: null },
  });
  await expect(started).rejects.toThrow(`Port ${port} is taken by another program; choose another with --rtmp-port.`);
  await expect(started).rejects.toBeInstanceOf(UserError);
  await rm(dataDir, { recursive: true });
});
