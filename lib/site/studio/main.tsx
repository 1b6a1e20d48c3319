import { signal } from '@preact/signals';
import { render } from 'preact';
import { parseInvite, parseRoute, parseSignInProblem, type StudioRoute } from './route.ts';
import { checkSession, signIn } from './session.ts';
import { Studio } from './studio.tsx';
import { text } from './text.ts';

const route = signal<StudioRoute>(parseRoute(location.hash));

/** Opens what the fragment names. An invitation leaves the address and the history before it is used. */
function open(): void {
  const invite = parseInvite(location.hash);
  if (invite !== null) {
    history.replaceState(null, '', location.pathname);
    void signIn({ invite });
  }
  route.value = parseRoute(location.hash);
  window.scrollTo(0, 0);
}

document.documentElement.lang = text.locale;
window.addEventListener('hashchange', open);
if (parseInvite(location.hash) === null) void checkSession(parseSignInProblem(location.hash));
open();
const root = document.querySelector('#studio');
if (root === null) throw new Error('page.html has no #studio');
render(<Studio route={route} />, root);
