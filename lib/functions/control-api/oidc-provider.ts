import { createHash } from 'node:crypto';
import type { ClientAuth, Configuration, CustomFetch } from 'openid-client';
import { isLocalHttp, type OidcSettings, roleOfClaim } from '#domain/oidc.ts';
import type { RoleName } from '#domain/roles.ts';
import { oidcPersonId } from '#domain/sessions.ts';
import { keepFor } from '#runtime/keep-for.ts';
import type { ReadSecret } from '#runtime/stored-secret.ts';
import { fetchFromProvider, ProviderUnavailableError } from './provider-fetch.ts';
import { nameSchema } from './schemas.ts';

export interface OidcProviderOptions {
  readonly settings: OidcSettings;
  /** Null for a public client. */
  readonly clientSecret: ReadSecret | null;
  /** Where the provider leads people back to. */
  readonly callbackUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Somebody whom the provider knows. */
export interface OidcIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  /** Null if the provider gives none that means something here. */
  readonly role: RoleName | null;
}

/** The OpenID Connect provider of a deployment. What a browser keeps during a sign-in is a secret of its own. */
export interface OidcProvider {
  /** What people read about where they sign in. */
  readonly name: string;
  /** Where the browser that has this secret signs in. Rejects if the provider does not answer. */
  signInUrl(secret: string): Promise<URL>;
  /** Whether the answer with this query belongs to the sign-in of the browser with this secret. */
  isAnswerTo(secret: string, query: URLSearchParams): boolean;
  /** Who has signed in. Rejects if the provider does not answer, or does not say that somebody has. */
  identify(secret: string, query: URLSearchParams): Promise<OidcIdentity>;
}

/** Providers change their addresses and keys rarely. */
const METADATA_LIFETIME_MS = 60 * 60_000;

/**
 * What a browser's secret makes of a sign-in: the state, the nonce, and the verifier of PKCE (RFC 7636). Nobody who sees one of them
 * learns another.
 */
function checksOf(secret: string) {
  const derive = (use: string): string => createHash('sha256').update(`${use} ${secret}`).digest('base64url');
  return { state: derive('state'), nonce: derive('nonce'), codeVerifier: derive('verifier') };
}

export function createOidcProvider(options: OidcProviderOptions): OidcProvider {
  const { settings, callbackUrl, now } = options;
  const discovered = keepFor(METADATA_LIFETIME_MS, () => discover(options), now);
  return {
    name: new URL(settings.issuer).host,
    signInUrl: async (secret) => {
      const [{ buildAuthorizationUrl, calculatePKCECodeChallenge }, client] = [await load(), await discovered()];
      const { state, nonce, codeVerifier } = checksOf(secret);
      return buildAuthorizationUrl(client, {
        redirect_uri: callbackUrl,
        scope: scopeOf(client, settings),
        ...{ state, nonce, code_challenge_method: 'S256' },
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      });
    },
    isAnswerTo: (secret, query) => query.get('state') === checksOf(secret).state,
    identify: async (secret, query) => {
      const [{ authorizationCodeGrant }, client] = [await load(), await discovered()];
      const { state, nonce, codeVerifier } = checksOf(secret);
      const tokens = await authorizationCodeGrant(client, new URL(`${callbackUrl}?${query}`), {
        ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier },
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('there is no ID token');
      return toIdentity(await withUserInfo(client, claims, tokens.access_token, settings), settings);
    },
  };
}

/** A deployment without a provider never loads it. */
const load = () => import('openid-client');

const fetchLimited: CustomFetch = (url, request) => fetchFromProvider(url, request as RequestInit);

/** Reads the discovery document. */
async function discover({ settings, clientSecret }: OidcProviderOptions): Promise<Configuration> {
  const { allowInsecureRequests, customFetch, discovery, enableNonRepudiationChecks, None } = await load();
  const authentication = clientSecret === null ? None() : await secretAuthentication(clientSecret);
  const extensions = isLocalHttp(settings.issuer) ? [allowInsecureRequests] : [];
  return discovery(new URL(settings.issuer), settings.clientId, undefined, authentication, {
    // The signature of an ID token is checked, too, though it comes from the provider itself.
    execute: [...extensions, enableNonRepudiationChecks],
    [customFetch]: fetchLimited,
  });
}

/** Basic is what each provider must know (RFC 6749, 2.3.1). One that lists other ways only gets the secret in the body. */
async function secretAuthentication(read: ReadSecret): Promise<ClientAuth> {
  const { ClientSecretBasic, ClientSecretPost } = await load();
  return async (server, client, body, headers) => {
    const secret = await read().catch((cause: unknown) => {
      throw new ProviderUnavailableError('the client secret cannot be read', { cause });
    });
    const isBasic = server.token_endpoint_auth_methods_supported?.includes('client_secret_basic') ?? true;
    const authenticate = isBasic ? ClientSecretBasic(secret) : ClientSecretPost(secret);
    return authenticate(server, client, body, headers);
  };
}

/** Who somebody is called, and the claim of roles if there is a scope for it. A provider refuses scopes that it does not have. */
function scopeOf(client: Configuration, { roleClaim }: OidcSettings): string {
  const offered = client.serverMetadata().scopes_supported ?? ['profile', 'email'];
  return ['openid', ...['profile', 'email', roleClaim].filter((scope) => offered.includes(scope))].join(' ');
}

/** What people are called, best first. */
const NAME_CLAIMS = ['name', 'preferred_username', 'email'];

type Claims = Readonly<Record<string, unknown>> & { readonly sub: string };

/** Some providers keep these claims out of ID tokens (OpenID Connect Core, 5.4). */
async function withUserInfo(
  client: Configuration,
  claims: Claims,
  accessToken: string,
  { roleClaim }: OidcSettings,
): Promise<Claims> {
  const isComplete = claims[roleClaim] !== undefined && nameOf(claims, NAME_CLAIMS) !== null;
  if (isComplete || client.serverMetadata().userinfo_endpoint === undefined) return claims;
  const { fetchUserInfo } = await load();
  return { ...(await fetchUserInfo(client, accessToken, claims.sub)), ...claims };
}

function toIdentity(claims: Claims, { issuer, roleClaim, roles }: OidcSettings): OidcIdentity {
  const { sub: subject } = claims;
  const name = nameOf(claims, [...NAME_CLAIMS, 'sub']) ?? oidcPersonId(issuer, subject);
  return { issuer, subject, name, role: roleOfClaim(claims[roleClaim], roles) };
}

/** The first of these claims that could be a name here. */
function nameOf(claims: Claims, names: readonly string[]): string | null {
  for (const claim of names) {
    const { data } = nameSchema.safeParse(claims[claim]);
    if (data !== undefined) return data;
  }
  return null;
}
