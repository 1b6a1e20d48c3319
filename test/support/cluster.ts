import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { makeClip } from '#kit/clip.ts';
import { findTaskProcesses, type TaskProcess } from '#kit/encoder-processes.ts';
import { ReturningPublisher } from '#kit/returning-publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { SMALL_CLIP } from './broadcast.ts';
import type { TestPlatform, TestStream } from './platform.ts';

const RETRY_DELAY_MS = 500;

/** Everything that a stream of one small rendition has, except media. */
export const STREAM_FILES = ['master.m3u8', '360p/media.m3u8', 'audio/media.m3u8', 'status.json'];

/** Folders of the stream's playlists: at the round robin, and at each task. */
export function liveUrls(platform: TestPlatform, { liveUrl, playbackId }: TestStream): string[] {
  return [liveUrl, ...platform.tasks.map(({ httpUrl }) => `${httpUrl}/live/${playbackId}`)];
}

/** Publishes a small clip, again and again if it is cut. */
export async function publishAndReturn(rtmpUrl: string): Promise<ReturningPublisher> {
  return new ReturningPublisher({ clipPath: await makeClip(SMALL_CLIP), rtmpUrl, retryDelayMs: RETRY_DELAY_MS });
}

/** A file of the stream; null if it is not to be had. */
export async function fetchText(url: string): Promise<string | null> {
  const response = await fetch(url).catch(() => null);
  return response?.ok === true ? response.text() : null;
}

/** Waits until every task says of the stream what it should. */
export async function everyTaskSays(platform: TestPlatform, stream: TestStream, status: string): Promise<void> {
  for (const url of liveUrls(platform, stream)) {
    await waitFor(`${status} at ${url}`, async () => (await fetchText(`${url}/status.json`))?.includes(`"${status}"`));
  }
}

/** Waits until the process has ended, and another one has its place and answers. */
export async function replaced(platform: TestPlatform, { index, taskId }: TaskProcess): Promise<void> {
  await waitFor('the next task in its place', async () =>
    (await findTaskProcesses(platform.pid)).some((task) => task.index === index && task.taskId !== taskId),
  );
  await waitFor('its first answer', () => fetchText(`${platform.tasks[index]?.httpUrl}/health`));
}

/** How a task's process has ended: its exit code, and how long that took from the moment at which it was told to stop. */
export async function endOf(
  platform: TestPlatform,
  { index, taskId }: TaskProcess,
): Promise<{ readonly code: number | null; readonly stoppedInMs: number }> {
  const linesOf = async (name: string): Promise<TaskLogLine[]> =>
    (await readFile(join(platform.dataDir, name), 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  const end = await waitFor('the line of its end', async () =>
    (await linesOf('headend.log')).find((line) => line.taskId === taskId && line.code !== undefined),
  );
  const endedAtMs = Date.parse(end.time);
  const stopping = (await linesOf(`headend-task-${index + 1}.log`)).filter(
    ({ msg, time }) => msg === 'stopping' && Date.parse(time) <= endedAtMs,
  );
  return { code: end.code ?? null, stoppedInMs: endedAtMs - Date.parse(stopping.at(-1)?.time ?? '') };
}

interface TaskLogLine {
  readonly msg: string;
  /** ISO 8601. */
  readonly time: string;
  readonly taskId?: string;
  readonly code?: number | null;
}

/** Ids of the tasks that say that they hold the stream. */
export async function holders(platform: TestPlatform, { id }: TestStream): Promise<string[]> {
  const { tasks } = (await (await platform.callApi('GET', '/tasks')).json()) as {
    readonly tasks: readonly {
      readonly id: string;
      readonly state: string;
      readonly streams: readonly { id: string }[];
    }[];
  };
  return tasks
    .filter(({ streams, state }) => state !== 'lost' && streams.some((it) => it.id === id))
    .map((it) => it.id);
}

/** Waits until the page has played on. A player that stands still never does. */
export async function playsOn(page: Page, seconds = 2): Promise<void> {
  const playedSeconds = () => page.evaluate(() => document.querySelector('video')?.currentTime ?? 0);
  const from = await playedSeconds();
  await waitFor(`${seconds} s of playback`, async () => (await playedSeconds()) >= from + seconds);
}
