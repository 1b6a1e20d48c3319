import type { ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Icon, Mark } from '../ui/icon.tsx';
import { PeoplePage } from './people-page.tsx';
import { STUDIO_LINKS, type StudioRoute } from './route.ts';
import { type CurrentSession, checkSession, may, session, signOut } from './session.ts';
import { SignInPage } from './sign-in-page.tsx';
import { StreamPage } from './stream-page.tsx';
import { StreamsPage } from './streams-page.tsx';
import { text } from './text.ts';

/** The whole studio: it asks who is there, and shows the page that the address names. */
export function Studio({ route }: { readonly route: ReadonlySignal<StudioRoute> }) {
  const current = session.value;
  if (current.state === 'checking') return <Checking />;
  if (current.state === 'unreachable') return <Unreachable />;
  if (current.state === 'signed-out') return <SignInPage reason={current.reason} />;
  return (
    <>
      <button type="button" class="skip" onClick={focusMain}>
        {text.skip}
      </button>
      <Masthead route={route.value} person={current.session} />
      <main id="main" tabIndex={-1}>
        <Page route={route.value} />
      </main>
    </>
  );
}

/** A link could not do that: the fragment names the page. */
function focusMain(): void {
  document.querySelector<HTMLElement>('#main')?.focus();
}

function Page({ route }: { readonly route: StudioRoute }) {
  if (route.page === 'stream') return <StreamPage key={route.streamId} streamId={route.streamId} />;
  if (route.page === 'people' && may('admin')) return <PeoplePage />;
  return <StreamsPage />;
}

function Masthead({ route, person }: { readonly route: StudioRoute; readonly person: CurrentSession }) {
  const current = (isCurrent: boolean) => (isCurrent ? ('page' as const) : undefined);
  return (
    <header class="masthead">
      <div class="masthead-inner">
        <a class="brand" href={STUDIO_LINKS.streams} aria-label={text.title}>
          <Mark />
          <span>{text.title}</span>
        </a>
        <nav aria-label={text.nav.label}>
          <a href={STUDIO_LINKS.streams} aria-current={current(route.page !== 'people')}>
            {text.nav.streams}
          </a>
          {may('admin') && (
            <a href={STUDIO_LINKS.people} aria-current={current(route.page === 'people')}>
              {text.nav.people}
            </a>
          )}
        </nav>
        <div class="account">
          <span class="person">
            <strong>{person.name}</strong>
            <span class="soft small">{person.role === null ? text.tokenRole : text.roles[person.role]}</span>
          </span>
          <button
            type="button"
            class="button plain"
            aria-label={text.nav.signOut}
            title={text.nav.signOut}
            onClick={() => void signOut()}
          >
            <Icon name="leave" />
          </button>
        </div>
      </div>
    </header>
  );
}

const Checking = () => (
  <main class="centre" aria-busy="true">
    <p class="soft" role="status">
      {text.loading}
    </p>
  </main>
);

function Unreachable() {
  useEffect(() => {
    const timer = window.setTimeout(() => void checkSession(), 5_000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main class="centre">
      <p class="notice bad" role="alert">
        <Icon name="warning" />
        {text.unreachable}
      </p>
      <button type="button" class="button" onClick={() => void checkSession()}>
        {text.retry}
      </button>
    </main>
  );
}
