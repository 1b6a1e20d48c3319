import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { H264, publishWithFfmpeg, testAudio, testVideo } from '../../media/ffmpeg.ts';
import { RecordingServer } from '../../rtmp/recording-server.ts';
import { closeServers, Owner, RelayedClient } from './relay-ends.ts';

afterEach(closeServers);

/** Comparing buffers byte by byte takes Jest seconds. */
const toText = ({ payload, ...rest }: FlvTag) => ({ ...rest, payload: payload.toString('base64') });

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
        onClose: (departure) => handler.onClose(departure),
        isPlayable: () => handler.isPlayable(),
        onContested: (refusedAddress) => handler.onContested(refusedAddress),
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
