import { useEffect, useState } from 'preact/hooks';
import { Field } from '../ui/field.tsx';
import { Icon, Mark } from '../ui/icon.tsx';
import { callApi } from './api.ts';
import { type SignInProblem, signIn } from './session.ts';
import { text } from './text.ts';

const REASONS: Readonly<Record<SignInProblem, string>> = {
  'used-invite': text.signIn.usedInvite,
  'bad-token': text.signIn.badToken,
  'no-cookie': text.signIn.noCookie,
  ended: text.signIn.signedOut,
  refused: text.signIn.refused,
  failed: text.failed,
};

/** The OpenID Connect provider at which people of this deployment sign in. */
interface Provider {
  readonly name: string;
  readonly url: string;
}

/** Where somebody lands who is not signed in. */
export function SignInPage({ reason }: { readonly reason: SignInProblem | null }) {
  const [isBusy, setBusy] = useState(false);
  const [provider, setProvider] = useState<Provider | null>(null);
  useEffect(() => {
    // Without an answer, links and tokens still sign in.
    callApi<{ readonly oidc: Provider | null }>({ path: '/api/sign-in' }).then(
      ({ oidc }) => setProvider(oidc),
      () => undefined,
    );
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    setBusy(true);
    void signIn({ token: String(token).trim() }).finally(() => setBusy(false));
  };
  return (
    <main class="centre">
      <section class="card sign-in">
        <p class="brand">
          <Mark />
          <span>Headend</span>
        </p>
        <h1>{text.signIn.heading}</h1>
        <p class="soft">{text.signIn.lead}</p>
        {reason !== null && (
          <p class="notice warn" role="alert">
            <Icon name="warning" />
            {REASONS[reason]}
          </p>
        )}
        {provider !== null && (
          <a class="button primary" href={provider.url}>
            {text.signIn.provider(provider.name)}
          </a>
        )}
        <form onSubmit={submit}>
          <Field label={text.signIn.tokenLabel} hint={text.signIn.tokenHint}>
            {(control) => (
              <input
                {...control}
                class="input"
                name="token"
                type="password"
                autocomplete="off"
                required
                maxLength={200}
              />
            )}
          </Field>
          <button type="submit" class="button primary" disabled={isBusy}>
            {isBusy ? text.signIn.busy : text.signIn.button}
          </button>
        </form>
      </section>
    </main>
  );
}
