import { z } from 'zod';
import { ROLE_CLAIM_LIMITS, type RoleClaimValues, roleValuesProblem } from '#domain/oidc.ts';
import { ROLE_NAMES } from '#domain/roles.ts';

const { valuesPerRole, valueCharacters } = ROLE_CLAIM_LIMITS;
const rolesSchema = z
  .partialRecord(z.enum(ROLE_NAMES), z.array(z.string().min(1).max(valueCharacters)).min(1).max(valuesPerRole))
  .superRefine((roles, context) => {
    const problem = roleValuesProblem(roles);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });

/** Parses the values that give roles from their JSON. Throws an error that says what is wrong. */
export function parseOidcRoles(json: string): RoleClaimValues {
  const { data, error } = rolesSchema.safeParse(JSON.parse(json));
  if (data !== undefined) return data;
  throw new Error(error.issues.map(({ path, message }) => [...path.slice(0, 1), message].join(': ')).join(', '));
}
