import { collectPages, LIMIT_OPTIONS, parseLimit } from '../collect-pages.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { findStreamId } from '../find-entry.ts';
import { IF_VERSION_OPTIONS, parseIfVersion, parseWholeNumber } from '../if-version.ts';
import { SETTINGS_OPTIONS, toSettings } from '../stream-settings.ts';
import { backupKeyText, byInterest, publishText, streamListText, streamText } from '../stream-text.ts';
import { traceText } from '../trace-text.ts';
import { purge } from './purge.ts';
import { slateImage } from './slate-image.ts';

const create = defineCommand({
  name: 'create',
  summary: 'Create a stream and show its key, this once',
  notes: [],
  operand: null,
  options: SETTINGS_OPTIONS,
  async run({ values }, { api, print }) {
    const stream = await api.createStream(toSettings(values));
    print(stream, () => `Created "${stream.title}" with id ${stream.id}.\n\n${publishText(stream)}`);
  },
});

/** Reads all streams, because the API's order has nothing to do with what is live. */
const list = defineCommand({
  name: 'list',
  summary: 'List streams, with the input of those on air',
  notes: [],
  operand: null,
  options: LIMIT_OPTIONS,
  async run({ values }, { api, print, note }) {
    const limit = parseLimit(values.limit);
    const { entries, nextCursor } = await collectPages((query) => api.listStreams(query));
    const streams = entries.toSorted(byInterest).slice(0, limit);
    const isTruncated = nextCursor !== null || streams.length < entries.length;
    print({ streams, isTruncated }, () => streamListText(streams));
    if (isTruncated) note('There are more: raise --limit.');
  },
});

const show = defineCommand({
  name: 'show',
  summary: 'Show a stream with its addresses and health',
  notes: [],
  operand: 'STREAM',
  options: {},
  async run({ operand }, { api, print }) {
    const stream = await api.getStream(await findStreamId(api, operand));
    print(stream, () => streamText(stream));
  },
});

const update = defineCommand({
  name: 'update',
  summary: 'Change settings; a broadcast on air keeps its old ones',
  notes: [
    'Settings that are not given stay as they are. --allow-source replaces all allowed sources.',
    '--auto-start counts from the next publish on.',
    'Changing --playback gives the stream new addresses for viewers; a broadcast on air keeps the old ones to its end.',
  ],
  operand: 'STREAM',
  options: { ...SETTINGS_OPTIONS, ...IF_VERSION_OPTIONS },
  async run({ operand, values }, { api, print }) {
    const settings = toSettings(values);
    if (Object.values(settings).every((value) => value === undefined)) {
      throw new CommandError('usage', 'Say what to change: --title, --ladder, --latency, ...; --help shows all.');
    }
    const id = await findStreamId(api, operand);
    const stream = await api.updateStream(id, settings, parseIfVersion(values['if-version']));
    print(stream, () => streamText(stream));
  },
});

/** For a key that was lost or leaked. */
const rotateKey = defineCommand({
  name: 'rotate-key',
  summary: 'Give a stream a new key and disconnect the publisher with the old one',
  notes: [],
  operand: 'STREAM',
  options: IF_VERSION_OPTIONS,
  async run({ operand, values }, { api, print }) {
    const id = await findStreamId(api, operand);
    const stream = await api.rotateKey(id, parseIfVersion(values['if-version']));
    print(stream, () => `"${stream.title}" has a new key; the old one is dead.\n\n${publishText(stream)}`);
  },
});

/** For a second encoder, best with another network and other power. */
const backupKey = defineCommand({
  name: 'backup-key',
  summary: 'Give a stream a key for a second encoder that takes over',
  notes: ['A backup key that there was before stops working, and a broadcast is disconnected once.'],
  operand: 'STREAM',
  options: {
    'failover-ms': { type: 'string', placeholder: 'N', help: 'take over after N ms without media (default 2000)' },
    remove: { type: 'boolean', help: 'take the backup key away' },
    ...IF_VERSION_OPTIONS,
  },
  async run({ operand, values }, { api, print }) {
    const id = await findStreamId(api, operand);
    const ifVersion = parseIfVersion(values['if-version']);
    if (values.remove === true) {
      await api.removeBackupKey(id, ifVersion);
      print({ id, removed: true }, () => 'The stream has no backup key any more.');
      return;
    }
    const stream = await api.createBackupKey(id, parseWholeNumber('failover-ms', values['failover-ms']), ifVersion);
    print(stream, () => backupKeyText(stream));
  },
});

/** For a report of a viewer or a broadcaster. */
const trace = defineCommand({
  name: 'trace',
  summary: 'Show what the publisher sent in the last minute, second by second',
  notes: [
    'With it come the connections, the runs of FFmpeg with its last words, and the warnings. --json has every message.',
    'Of a stream that is not on air, it is the last minute before the publisher left, for a day.',
  ],
  operand: 'STREAM',
  options: {},
  async run({ operand }, { api, print }) {
    const recorded = await api.getTrace(await findStreamId(api, operand));
    print(recorded, () => traceText(recorded));
  },
});

const golive = defineCommand({
  name: 'golive',
  summary: 'Put a stream with --auto-start no on air',
  notes: [
    'Viewers get what the publisher sends from now on, and nothing from before. "stop" takes the stream off air again,',
    'and the publisher stays connected.',
  ],
  operand: 'STREAM',
  options: {},
  async run({ operand }, { api, print }) {
    const stream = await api.goLive(await findStreamId(api, operand));
    const when = stream.status === 'idle' ? 'is on air as soon as somebody publishes it' : 'is on air within seconds';
    print(stream, () => `"${stream.title}" ${when}.\n\nWatch  ${stream.watchUrl}`);
  },
});

const stop = defineCommand({
  name: 'stop',
  summary: 'End a broadcast at its next segment, within 6 s; the key stays valid for the next',
  notes: [],
  operand: 'STREAM',
  options: {},
  async run({ operand }, { api, print }) {
    const outcome = await api.stopStream(await findStreamId(api, operand));
    print(outcome, () =>
      outcome.wasLive
        ? 'The broadcast ends.'
        : 'Nobody was publishing. A broadcast that waited for its publisher ends.',
    );
  },
});

const deleteCommand = defineCommand({
  name: 'delete',
  summary: 'Delete a stream; a broadcast on air ends',
  notes: ['On a terminal it asks first.'],
  operand: 'STREAM',
  options: { yes: { type: 'boolean', short: 'y', help: 'do not ask' }, ...IF_VERSION_OPTIONS },
  async run({ operand, values }, { api, print, confirm }) {
    const { id, title, status } = await api.getStream(await findStreamId(api, operand));
    const question = `Delete "${title}" (${id}${status === 'live' ? ', on air' : ''}) for ever?`;
    if (values.yes !== true && !(await confirm(question))) throw new CommandError('refused', 'Nothing was deleted.');
    await api.deleteStream(id, parseIfVersion(values['if-version']));
    print({ id, deleted: true }, () => `Deleted "${title}" (${id}).`);
  },
});

/** The commands for streams, in the order of the help. */
export const STREAM_COMMANDS: readonly Command[] = [
  create,
  list,
  show,
  update,
  rotateKey,
  backupKey,
  slateImage,
  trace,
  golive,
  stop,
  purge,
  deleteCommand,
];
