import { ROLE_NAMES } from '#domain/roles.ts';
import type { ListedInvite, ListedSession } from '#scripts/api/control-api-client.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';
import { collectPages, LIMIT_OPTIONS, parseLimit } from '../collect-pages.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { findInviteId, findSessionId } from '../find-entry.ts';

const invite = defineCommand({
  name: 'invite',
  summary: 'Make a link that signs somebody in at the studio, once, within a week',
  notes: [
    'An owner may do everything, and a producer everything with streams. A broadcaster creates streams, and sees no others.',
    'A moderator stops and purges streams. Invite somebody again by the same name to let them back in.',
  ],
  operand: null,
  options: {
    name: { type: 'string', placeholder: 'TEXT', help: 'whom it is for; the same name is the same person' },
    role: { type: 'string', placeholder: 'ROLE', help: ROLE_NAMES.join(', ') },
  },
  async run({ values: { name, role } }, { api, print }) {
    if (name === undefined) throw new CommandError('usage', 'Say whom the link is for: --name TEXT.');
    if (role === undefined) throw new CommandError('usage', `Say what they may do: --role ${ROLE_NAMES.join('|')}.`);
    const created = await api.createInvite({ name, role });
    print(created, () => `${created.url}\n\nThis link signs "${created.name}" in as ${created.role}. It works once.`);
  },
});

/** The JSON is one object like the API's, with all invitations up to the limit. */
const inviteList = defineCommand({
  name: 'invite list',
  summary: 'List the links that were not used yet',
  notes: [],
  operand: null,
  options: LIMIT_OPTIONS,
  async run({ values }, { api, print, note }) {
    const limit = parseLimit(values.limit);
    const { entries: invites, nextCursor } = await collectPages((query) => api.listInvites(query), limit);
    print({ invites, nextCursor }, () => inviteListText(invites));
    if (nextCursor !== null) note('There are more: raise --limit.');
  },
});

const inviteRevoke = defineCommand({
  name: 'invite revoke',
  summary: 'Revoke a link that was not used yet',
  notes: [],
  operand: 'INVITE',
  options: {},
  async run({ operand }, { api, print }) {
    const id = await findInviteId(api, operand);
    await api.revokeInvite(id);
    print({ id, revoked: true }, () => `Revoked the link ${id}.`);
  },
});

/** The JSON is one object like the API's, with all sessions up to the limit. */
const sessionList = defineCommand({
  name: 'session list',
  summary: 'List who is signed in',
  notes: [],
  operand: null,
  options: LIMIT_OPTIONS,
  async run({ values }, { api, print, note }) {
    const limit = parseLimit(values.limit);
    const { entries: sessions, nextCursor } = await collectPages((query) => api.listSessions(query), limit);
    print({ sessions, nextCursor }, () => sessionListText(sessions));
    if (nextCursor !== null) note('There are more: raise --limit.');
  },
});

const sessionRevoke = defineCommand({
  name: 'session revoke',
  summary: 'Sign somebody out; the session is refused within 3 s',
  notes: [],
  operand: 'SESSION',
  options: {},
  async run({ operand }, { api, print }) {
    const id = await findSessionId(api, operand);
    await api.revokeSession(id);
    print({ id, revoked: true }, () => `Revoked the session ${id}.`);
  },
});

function inviteListText(invites: readonly ListedInvite[]): string {
  if (invites.length === 0) return 'There are no unused links.';
  return formatTable([
    ['ID', 'NAME', 'ROLE', 'CREATED', 'EXPIRES'],
    ...invites.map(({ id, name, role, createdAt, expiresAt }) => [id, name, role, createdAt, expiresAt]),
  ]);
}

function sessionListText(sessions: readonly ListedSession[]): string {
  if (sessions.length === 0) return 'Nobody is signed in.';
  return formatTable([
    ['ID', 'NAME', 'ROLE', 'SCOPE', 'STREAM', 'CREATED', 'EXPIRES'],
    ...sessions.map(({ id, name, role, scope, streamId, createdAt, expiresAt }) => {
      const streams = streamId ?? (role === 'broadcaster' ? 'own' : 'all');
      return [id, name, role ?? 'token', scope, streams, createdAt, expiresAt];
    }),
  ]);
}

/** The commands for people, in the order of the help. */
export const SESSION_COMMANDS: readonly Command[] = [invite, inviteList, inviteRevoke, sessionList, sessionRevoke];
