import type { Context, MiddlewareHandler } from 'hono';
import { toSourceNetwork } from '#domain/source-network.ts';
import { hashSecret, SECRET_PATTERN, secretId } from '#domain/stream-ids.ts';
import { isBootstrap } from './admin-auth.ts';
import type { CallerLimits } from './caller-limits.ts';
import type { Credential } from './credentials.ts';
import { OIDC_ROUTES } from './oidc-routes.ts';
import { ProblemError } from './problem.ts';
import { type RouteName, routeOf } from './route-access.ts';
import type { SessionLookup } from './session-lookup.ts';
import { SIGN_IN } from './sign-in-route.ts';
import { sourceAddressOf } from './source-address.ts';
import type { TokenLookup } from './token-lookup.ts';

const SIGN_IN_ROUTES: readonly RouteName[] = [SIGN_IN, ...OIDC_ROUTES];

export interface LimitCallersOptions {
  readonly limits: CallerLimits;
  readonly bootstrapHashes: readonly string[];
  readonly lookup: Pick<TokenLookup, 'wasValid'>;
  readonly sessions: Pick<SessionLookup, 'wasValid'>;
  /** Routes that always answer. */
  readonly unlimitedRoutes: readonly RouteName[];
  /** As how many requests with a token or session those of a route count. @default 1 */
  readonly weights: Readonly<Partial<Record<RouteName, number>>>;
}

/**
 * Refuses callers who ask too often with a 429, before anything is read from the database. Whoever has a token
 * or session that this instance knows is limited by it alone, so that strangers, even at the same address, keep no admin out. Each
 * sign-in counts as a token that nobody knows, because it may be a guess.
 */
export function limitCallers(options: LimitCallersOptions): MiddlewareHandler {
  return async (context, next) => {
    const route = routeOf(context);
    if (route === null || !options.unlimitedRoutes.includes(route)) takeTurn(context, route, options);
    return next();
  };
}

function takeTurn(context: Context, route: RouteName | null, options: LimitCallersOptions): void {
  const { limits, weights } = options;
  const credential = context.get('credential');
  const network = toSourceNetwork(sourceAddressOf(context));
  if (route !== null && SIGN_IN_ROUTES.includes(route)) {
    requireTurn(limits.takeUnknownToken(network), 'There are too many attempts to sign in.');
    return;
  }
  const hash = credential === null ? null : hashSecret(credential.secret);
  if (credential !== null && hash !== null && isKnown(credential, hash, options)) {
    const requests = (route === null ? undefined : weights[route]) ?? 1;
    requireTurn(
      limits.takeToken(secretId(hash), requests),
      `There are too many requests with this ${credential.kind}.`,
    );
    return;
  }
  const mayBeValid = credential !== null && SECRET_PATTERN.test(credential.secret);
  const waitMs = mayBeValid ? limits.takeUnknownToken(network) : limits.takeAnonymous(network);
  requireTurn(waitMs, 'There are too many requests without a valid token.');
}

const isKnown = (
  { kind }: Credential,
  hash: string,
  { bootstrapHashes, lookup, sessions }: LimitCallersOptions,
): boolean =>
  kind === 'session'
    ? sessions.wasValid(secretId(hash))
    : isBootstrap(hash, bootstrapHashes) || lookup.wasValid(secretId(hash));

/** Throws a 429 if the caller must wait. */
function requireTurn(waitMs: number, detail: string): void {
  if (waitMs === 0) return;
  throw new ProblemError({ status: 429, detail, headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) } });
}
