import { readFile } from 'node:fs/promises';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { makeClip } from '#kit/clip.ts';
import { readTags } from '#kit/flv-file.ts';
import { H264, publishWithFfmpeg, testAudio, testVideo } from '../../media/ffmpeg.ts';
import { RecordingServer } from '../../rtmp/recording-server.ts';
import { closeServers, Owner, RelayedClient } from './relay-ends.ts';

afterEach(closeServers);

/** Comparing buffers byte by byte takes Jest seconds. */
const toText = ({ payload, ...rest }: FlvTag) => ({ ...rest, payload: payload.toString('base64') });

test('the tags of a clip arrive equal and in order', async () => {
  const clip = await makeClip({ width: 640, height: 360, seconds: 4 });
  const tags = [...readTags(await readFile(clip))];
  const owner = await Owner.start();
  const handler = await new RelayedClient().relay(owner.address);
  for (const tag of tags) handler.onTag(tag, 0);
  handler.onClose();
  await Promise.all(owner.closed);
  expect(tags.length).toBeGreaterThan(200);
  expect(owner.tags.map(toText)).toEqual(tags.map(toText));
});

test('a broadcast by FFmpeg arrives at its owner as it arrived at the task', async () => {
  const owner = await Owner.start();
  const arrived: FlvTag[] = [];
  const rtmp = await RecordingServer.start({
    acceptPublisher: async (publisher) => {
      const handler = await new RelayedClient().relay(owner.address, { publisher });
      return {
        onTag: (tag, receivedAtMs) => {
          arrived.push(tag);
          handler.onTag(tag, receivedAtMs);
        },
        onClose: () => handler.onClose(),
        isPlayable: () => handler.isPlayable(),
      };
    },
  });
  const source = [...testVideo('160x90', '30', 1), ...testAudio(1), ...H264, '-c:a', 'aac'];
  const { code, stderr } = await publishWithFfmpeg(rtmp.url('key'), source);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await owner.recorder.until(() => owner.recorder.recordings[0]?.closes === 1);
  expect(arrived.length).toBeGreaterThan(60);
  expect(owner.tags.map(toText)).toEqual(arrived.map(toText));
  await rtmp.close();
});
