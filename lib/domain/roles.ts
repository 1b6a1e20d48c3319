import type { TokenScope } from './admin-tokens.ts';

/** What a person may do: a scope, and on which streams. */
interface RoleDefinition {
  readonly scope: TokenScope;
  /** `own`: those that the person has created. No others exist for the person. */
  readonly streams: 'all' | 'own';
}

/** The roles that people are invited to. */
export const ROLES = {
  owner: { scope: 'admin', streams: 'all' },
  producer: { scope: 'streams:write', streams: 'all' },
  broadcaster: { scope: 'streams:write', streams: 'own' },
  moderator: { scope: 'streams:end', streams: 'all' },
} as const satisfies Record<string, RoleDefinition>;

export type RoleName = keyof typeof ROLES;
export const ROLE_NAMES = Object.keys(ROLES) as [RoleName, ...RoleName[]];
