import type { ApiEvent } from '#scripts/api/control-api-client.ts';
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
      for await (const event of api.followEvents(signal)) print(event, () => eventText(event));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
});

function eventText({ id: _id, time, type, ...fields }: ApiEvent): string {
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`);
  return [time, type.padEnd(TYPE_WIDTH), ...shown].join('  ');
}

const valueText = (value: unknown): string =>
  typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value);

/** The commands for events, in the order of the help. */
export const EVENT_COMMANDS: readonly Command[] = [followEvents];
