import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { readServerSentEvents } from '../server-sent-events.ts';

/** What every event has; each type has fields of its own. */
const eventSchema = z.looseObject({ id: z.string(), time: z.string(), type: z.string() });

type Event = z.infer<typeof eventSchema>;

/** Characters of the longest type. */
const TYPE_WIDTH = 17;

/** `events`: until Ctrl-C; a feed that ends before that is an error. */
export const followEvents = defineCommand({
  name: 'events',
  summary: 'Follow what happens to streams, until Ctrl-C',
  notes: ['The local platform has this feed; in AWS the events are on the EventBridge bus.'],
  operand: null,
  options: {},
  async run(_input, { api, print, untilInterrupted }) {
    const signal = untilInterrupted();
    try {
      for await (const data of readServerSentEvents(await api.follow('/events', signal))) {
        const event = api.parse(data, eventSchema);
        print(event, () => eventText(event));
      }
      throw new Error('the feed has ended');
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof CommandError ? error : api.unreachable(error);
    }
  },
});

function eventText({ id: _id, time, type, ...fields }: Event): string {
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`);
  return [time, type.padEnd(TYPE_WIDTH), ...shown].join('  ');
}

const valueText = (value: unknown): string =>
  typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value);
