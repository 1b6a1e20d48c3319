import type { Context, MiddlewareHandler } from 'hono';
import { toSourceNetwork } from '#domain/source-network.ts';
import { hashSecret, SECRET_PATTERN, secretId } from '#domain/stream-ids.ts';
import { bearerToken, isBootstrap } from './admin-auth.ts';
import type { CallerLimits } from './caller-limits.ts';
import { ProblemError } from './problem.ts';
import { type RouteName, routeOf } from './route-access.ts';
import { sourceAddressOf } from './source-address.ts';
import type { TokenLookup } from './token-lookup.ts';

export interface LimitCallersOptions {
  readonly limits: CallerLimits;
  readonly bootstrapHashes: readonly string[];
  readonly lookup: Pick<TokenLookup, 'wasValid'>;
  /** Routes that always answer. */
  readonly unlimitedRoutes: readonly RouteName[];
  /** As how many requests with a token those of a route count. @default 1 */
  readonly weights: Readonly<Partial<Record<RouteName, number>>>;
}

/**
 * Refuses callers who ask too often with a 429, before anything is read from the database. Whoever has a token that this
 * instance knows is limited by the token alone, so that strangers, even at the same address, keep no admin out.
 */
export function limitCallers(options: LimitCallersOptions): MiddlewareHandler {
  return async (context, next) => {
    const route = routeOf(context);
    if (route === null || !options.unlimitedRoutes.includes(route)) takeTurn(context, route, options);
    return next();
  };
}

function takeTurn(context: Context, route: RouteName | null, options: LimitCallersOptions): void {
  const { limits, bootstrapHashes, lookup, weights } = options;
  const token = bearerToken(context);
  const hash = token === null ? null : hashSecret(token);
  if (hash !== null && (isBootstrap(hash, bootstrapHashes) || lookup.wasValid(secretId(hash)))) {
    const requests = (route === null ? undefined : weights[route]) ?? 1;
    requireTurn(limits.takeToken(secretId(hash), requests), 'There are too many requests with this token.');
    return;
  }
  const network = toSourceNetwork(sourceAddressOf(context));
  const mayBeToken = token !== null && SECRET_PATTERN.test(token);
  const waitMs = mayBeToken ? limits.takeUnknownToken(network) : limits.takeAnonymous(network);
  requireTurn(waitMs, 'There are too many requests without a valid token.');
}

/** Throws a 429 if the caller must wait. */
function requireTurn(waitMs: number, detail: string): void {
  if (waitMs === 0) return;
  throw new ProblemError({ status: 429, detail, headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) } });
}
