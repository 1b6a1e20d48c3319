import type { TaskBody } from '#functions/control-api/task-schemas.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';
import { type Command, defineCommand } from '../command.ts';
import { findTaskId } from '../find-task.ts';

const list = defineCommand({
  name: 'tasks',
  summary: 'List the encoder tasks, with their streams and room',
  notes: ['A task that has stopped reporting is "lost". It is listed for another minute.'],
  operand: null,
  options: {},
  async run(_input, { api, print }) {
    const tasks = await api.listTasks();
    print({ tasks }, () => taskListText(tasks));
  },
});

const drain = defineCommand({
  name: 'tasks drain',
  summary: 'Have an encoder task hand its streams over and end',
  notes: [
    'TASK is the id of a task, its number on this machine, or the beginning of its id.',
    'Draining cannot be taken back.',
  ],
  operand: 'TASK',
  options: {},
  async run({ operand }, { api, print }) {
    const task = await api.drainTask(findTaskId(operand, await api.listTasks()));
    print(task, () => `The task ${task.id} drains: it hands its streams over and ends.`);
  },
});

function taskListText(tasks: readonly TaskBody[]): string {
  if (tasks.length === 0) return 'There are no tasks.';
  return formatTable([
    ['ID', 'STATE', 'STREAMS', 'VCPUS', 'STARTED'],
    ...tasks.map(({ id, state, streams, room: { usedVCpus, capacityVCpus }, startedAt }) => {
      return [id, state, String(streams.length), `${usedVCpus} of ${capacityVCpus}`, startedAt];
    }),
  ]);
}

/** The commands for encoder tasks, in the order of the help. */
export const TASK_COMMANDS: readonly Command[] = [list, drain];
