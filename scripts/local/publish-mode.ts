import { PUBLISH_MODES, type PublishMode } from '#domain/environment.ts';
import { UserError } from '#scripts/terminal/errors.ts';

/**
 * Who knows the stream keys on this machine, as the variables say: the control API's streams unless they name a backend.
 * Throws a UserError where they say nothing that is possible.
 */
export function readPublishMode(environment: NodeJS.ProcessEnv): PublishMode {
  const named = environment.PUBLISH_MODE || 'keys';
  const mode = PUBLISH_MODES.find((known) => known === named);
  if (mode === undefined)
    throw new UserError(`PUBLISH_MODE must be one of ${PUBLISH_MODES.join(', ')}, not "${named}".`);
  // Where secrets are stored, in AWS, nothing of this machine reaches.
  if (mode === 'webhook' && !(environment.WEBHOOK_URL && environment.WEBHOOK_SECRET)) {
    throw new UserError('PUBLISH_MODE=webhook needs WEBHOOK_URL and WEBHOOK_SECRET.');
  }
  return mode;
}
