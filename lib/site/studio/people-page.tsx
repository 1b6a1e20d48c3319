import { useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { ROLE_NAMES, type RoleName } from '#domain/roles.ts';
import { Field } from '../ui/field.tsx';
import { callApi, toApiFailure } from './api.ts';
import { CopyField } from './copy-field.tsx';
import { failureText } from './failure-text.ts';
import { usePoll } from './poll.ts';
import { formats, text } from './text.ts';

const PAUSE_MS = 15_000;
const NAME_LENGTH = 200;

interface OpenInvite {
  readonly id: string;
  readonly name: string;
  readonly role: RoleName;
  readonly expiresAt: string;
}

interface OpenSession {
  readonly id: string;
  readonly name: string;
  readonly role: RoleName | null;
  readonly createdAt: string;
  readonly isCurrent: boolean;
}

/** Who may come in: invitations and sessions. */
export function PeoplePage() {
  const sessions = useSignal<readonly OpenSession[]>([]);
  const invites = useSignal<readonly OpenInvite[]>([]);
  const load = async () => {
    invites.value = (
      await callApi<{ readonly invites: readonly OpenInvite[] }>({ path: '/api/invites?limit=100' })
    ).invites;
    sessions.value = (
      await callApi<{ readonly sessions: readonly OpenSession[] }>({ path: '/api/sessions?limit=100' })
    ).sessions;
  };

  const failure = useSignal<string | null>(null);
  const reload = () =>
    load().then(
      () => (failure.value = null),
      (error: unknown) => (failure.value = failureText(toApiFailure(error))),
    );
  const remove = (path: string) =>
    callApi({ method: 'DELETE', path }).then(
      reload,
      (error: unknown) => (failure.value = failureText(toApiFailure(error))),
    );
  usePoll(reload, PAUSE_MS, []);
  return (
    <>
      <header class="page-header">
        <h1>{text.people.heading}</h1>
      </header>
      {failure.value !== null && (
        <p class="notice bad" role="alert">
          {failure.value}
        </p>
      )}
      <div class="stream-columns">
        <InviteForm onInvited={() => void reload()} />
        <div class="column">
          <section class="card">
            <header>
              <h2>{text.people.sessions}</h2>
            </header>
            <ul class="people">
              {sessions.value.map(({ id, name, role, createdAt, isCurrent }) => (
                <li key={id}>
                  <Person
                    name={name}
                    role={role}
                    detail={isCurrent ? text.people.you : text.people.since(formats.moment(Date.parse(createdAt)))}
                  />
                  {!isCurrent && (
                    <button
                      type="button"
                      class="button plain danger"
                      aria-label={text.people.revokeOf(name)}
                      onClick={() => void remove(`/api/sessions/${id}`)}
                    >
                      {text.people.revoke}
                    </button>
                  )}
                </li>
              ))}
            </ul>
          </section>
          <section class="card">
            <header>
              <h2>{text.people.invites}</h2>
            </header>
            {invites.value.length === 0 && <p class="soft small">{text.people.noInvites}</p>}
            <ul class="people">
              {invites.value.map(({ id, name, role, expiresAt }) => (
                <li key={id}>
                  <Person name={name} role={role} detail={text.people.until(formats.moment(Date.parse(expiresAt)))} />
                  <button
                    type="button"
                    class="button plain danger"
                    aria-label={text.people.revokeInviteOf(name)}
                    onClick={() => void remove(`/api/invites/${id}`)}
                  >
                    {text.people.revokeInvite}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
    </>
  );
}

interface PersonProps {
  readonly name: string;
  readonly role: RoleName | null;
  readonly detail: string;
}

const Person = ({ name, role, detail }: PersonProps) => (
  <span class="person">
    <strong>{name}</strong>
    <span class="soft small">
      {role === null ? text.tokenRole : text.roles[role]}, {detail}
    </span>
  </span>
);

function InviteForm({ onInvited }: { readonly onInvited: () => void }) {
  const [role, setRole] = useState<RoleName>('broadcaster');
  const [made, setMade] = useState<(OpenInvite & { readonly url: string }) | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get('name')).trim();
    setFailure(null);
    callApi<OpenInvite & { readonly url: string }>({
      method: 'POST',
      path: '/api/invites',
      body: { name, role },
    }).then(
      (invite) => {
        setMade(invite);
        form.reset();
        onInvited();
      },
      (error: unknown) => setFailure(failureText(toApiFailure(error))),
    );
  };
  return (
    <section class="card">
      <header>
        <h2>{text.people.invite}</h2>
      </header>
      <form class="stack" onSubmit={submit}>
        <Field label={text.people.name} hint={text.people.nameHint}>
          {(control) => (
            <input {...control} class="input" name="name" required maxLength={NAME_LENGTH} autocomplete="off" />
          )}
        </Field>
        <Field label={text.people.role} hint={text.people.roles[role]}>
          {(control) => (
            <select
              {...control}
              class="input"
              value={role}
              onChange={(event) => setRole(event.currentTarget.value as RoleName)}
            >
              {ROLE_NAMES.map((name) => (
                <option key={name} value={name}>
                  {text.roles[name]}
                </option>
              ))}
            </select>
          )}
        </Field>
        {failure !== null && (
          <p class="notice bad" role="alert">
            {failure}
          </p>
        )}
        <button type="submit" class="button primary">
          {text.people.button}
        </button>
      </form>
      {made !== null && (
        <div class="made-link" role="status">
          <CopyField
            label={text.people.linkHeading}
            value={made.url}
            hint={text.people.linkLead(made.name, formats.moment(Date.parse(made.expiresAt)))}
          />
        </div>
      )}
    </section>
  );
}
