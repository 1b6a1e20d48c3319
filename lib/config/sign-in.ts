import { z } from 'zod';
import { isIssuer, ROLE_CLAIM_LIMITS, roleValuesProblem } from '#domain/oidc.ts';
import { ROLE_NAMES } from '#domain/roles.ts';

const { valuesPerRole, valueCharacters } = ROLE_CLAIM_LIMITS;
/** Lambda's environment has room for 4 KB. */
const shortText = z.string().min(1).max(valueCharacters);

const rolesSchema = z
  .partialRecord(z.enum(ROLE_NAMES), z.array(shortText).min(1).max(valuesPerRole).readonly())
  .superRefine((roles, context) => {
    const problem = roleValuesProblem(roles);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  })
  .readonly();

/** An OpenID Connect provider at which people sign in. */
const oidcSchema = z
  .strictObject({
    /** The issuer exactly as in its discovery document, which is at `/.well-known/openid-configuration` below it. */
    issuer: z
      .string()
      .max(500)
      .refine((text) => isIssuer(text) && text.startsWith('https:'), 'must be an https URL without query and fragment'),
    /** What the provider calls this deployment. Its redirect URI is `/api/sign-in/oidc/callback` at the viewers' domain. */
    clientId: shortText,
    /**
     * ARN of the Secrets Manager secret that has the client secret as its text, in the stage's region and encrypted with AWS's own key.
     * Null for a public client. The deployment can only read it.
     */
    clientSecretArn: z
      .string()
      .regex(
        /^arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]{1,200}-[A-Za-z0-9]{6}$/,
        'must be the whole ARN of a secret',
      )
      .nullable(),
    /** The claim that says what somebody may do, such as `cognito:groups`: a text or a list of texts, in the ID token or the user info. */
    roleClaim: shortText,
    /** The values of the claim that give each role. Somebody with several has the first of owner, producer, broadcaster and moderator. */
    roles: rolesSchema,
  })
  .readonly();

/** How people sign in at the studio besides links and admin tokens. */
export const signInSchema = z.strictObject({ oidc: oidcSchema }).readonly();
