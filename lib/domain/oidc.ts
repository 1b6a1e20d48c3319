import { LOOPBACK_NAMES } from './ports.ts';
import { ROLE_NAMES, type RoleName } from './roles.ts';

/** Which values of a claim give a role. A role that nobody gets may be left out. */
export type RoleClaimValues = Partial<Readonly<Record<RoleName, readonly string[]>>>;

/** An OpenID Connect provider at which people sign in, and what its claims mean here. */
export interface OidcSettings {
  /** Exactly as in its discovery document. */
  readonly issuer: string;
  readonly clientId: string;
  /** The claim that says what somebody may do: a text, or a list of texts. */
  readonly roleClaim: string;
  readonly roles: RoleClaimValues;
}

/** What a role may be given by. Together they fit into an environment variable beside all others, which have 4 KB in Lambda. */
export const ROLE_CLAIM_LIMITS = { valuesPerRole: 20, valueCharacters: 200, jsonCharacters: 1_000 } as const;

/** Why a mapping of claims to roles can't be used; null if it can. */
export function roleValuesProblem(roles: RoleClaimValues): string | null {
  const { jsonCharacters } = ROLE_CLAIM_LIMITS;
  if (ROLE_NAMES.every((role) => roles[role] === undefined)) return 'name at least one role';
  return JSON.stringify(roles).length > jsonCharacters ? `at most ${jsonCharacters} characters, as JSON` : null;
}

/** The role of somebody with this value of the claim: the first in the table of roles. Null if nothing in it gives a role. */
export function roleOfClaim(claim: unknown, roles: RoleClaimValues): RoleName | null {
  const held: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return ROLE_NAMES.find((role) => roles[role]?.some((value) => held.includes(value))) ?? null;
}

/** Whether a text is an issuer to trust: an https URL without query or fragment. On this machine, http will do. */
export function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[?#]/.test(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || isLocalHttp(text)) && username === '' && password === '';
}

/** Whether a URL leads to this machine without encryption. */
export function isLocalHttp(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && LOOPBACK_NAMES.some((name) => name === hostname);
}
