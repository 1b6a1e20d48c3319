import { ApiError } from '#scripts/api/api-error.ts';
import type { ApiEvent, ControlApiClient } from '#scripts/api/control-api-client.ts';
import { type Command, defineCommand } from '../command.ts';

/** Length of the longest event type. */
const TYPE_WIDTH = 22;

const followEvents = defineCommand({
  name: 'events',
  summary: 'Follow what happens to streams, until Ctrl-C',
  notes: ['Only the local platform has this feed; in AWS the events are on the EventBridge bus.'],
  operand: null,
  options: {},
  async run(_input, { api, print, untilInterrupted }) {
    const signal = untilInterrupted();
    try {
      for await (const event of api.followEvents(signal)) {
        const title = await titleOf(event, api);
        print(event, () => eventText(event, title));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
});

/** Null if the event is about no stream, or about one that the API does not know: a deleted one, or one of a backend. */
async function titleOf({ streamId }: ApiEvent, api: ControlApiClient): Promise<string | null> {
  if (typeof streamId !== 'string') return null;
  try {
    return (await api.getStream(streamId)).title;
  } catch (error) {
    // The event is shown without it, whatever the reason is.
    if (error instanceof ApiError) return null;
    throw error;
  }
}

function eventText({ id: _id, time, type, ...fields }: ApiEvent, title: string | null): string {
  const named = title === null ? fields : { title, ...fields };
  const shown = Object.entries(named).map(([name, value]) => `${name}=${valueText(value)}`);
  return [time, type.padEnd(TYPE_WIDTH), ...shown].join('  ');
}

const valueText = (value: unknown): string =>
  typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value);

/** The commands for events, in the order of the help. */
export const EVENT_COMMANDS: readonly Command[] = [followEvents];
