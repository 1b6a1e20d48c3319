import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { goodStream, lastAnswers, type RecordedAnswer } from './good-stream.ts';
import { MUTATIONS } from './mutations.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface CommandExit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function checkHls(...args: readonly string[]): Promise<CommandExit> {
  const options = { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '' } };
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/run.mjs', 'check-hls', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Serves the end of a recorded stream. */
async function serve(answers: readonly RecordedAnswer[]): Promise<{ server: Server; url: string }> {
  const lastAnswer = lastAnswers(answers);
  const server = createServer((request, response) => {
    const answer = lastAnswer(new URL(request.url ?? '', 'http://stream').pathname, request.headers.range);
    const lifetime = request.url?.includes('.m3u8') ? { 'cache-control': 'public, max-age=1' } : {};
    response.writeHead(answer?.status ?? 404, {
      ...answer?.headers,
      ...lifetime,
      'content-length': answer?.body.length ?? 0,
    });
    response.end(answer?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/id/master.m3u8` };
}

test('nothing found is 0, findings are 1, wrong usage is 2, a stream that cannot be watched is 3', async () => {
  const broken = goodStream();
  MUTATIONS['part-hold-back']?.(broken);
  const [good, bad] = await Promise.all([serve(goodStream()), serve(broken)]);
  try {
    const [clean, found, text, missing, wrong, help] = await Promise.all([
      checkHls(good.url, '--seconds', '60', '--json'),
      checkHls(bad.url, '--seconds', '60', '--json'),
      checkHls(bad.url, '--seconds', '60'),
      checkHls(good.url.replace('master', 'nothing'), '--seconds', '1'),
      checkHls(good.url, '--seconds', '0'),
      checkHls('--help'),
    ]);
    expect([clean.code, clean.stderr]).toEqual([0, '']);
    expect(JSON.parse(clean.stdout)).toEqual({ watchedSeconds: expect.any(Number), findings: [] });
    const section = '4.4.3.8; Apple HLS authoring specification, 14.3';
    const evidence = 'high/media.m3u8: PART-HOLD-BACK is 1.4, at least 1.50000 is needed';
    expect([found.code, JSON.parse(found.stdout)]).toEqual([
      1,
      { watchedSeconds: expect.any(Number), findings: [{ rule: 'part-hold-back', section, evidence }] },
    ]);
    expect([text.code, text.stdout]).toEqual([
      1,
      expect.stringMatching(
        /^part-hold-back .*\n {2}high.* is 1\.4, .*\n1 found in \d+ answers, watched for \d+ s, by/,
      ),
    ]);
    expect([missing.code, missing.stderr]).toEqual([3, 'The stream could not be watched: the answer is 404.\n']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--seconds 0 is not from 1 to 86400.')]);
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('npm run check:hls -- URL')]);
  } finally {
    good.server.close();
    bad.server.close();
  }
});
