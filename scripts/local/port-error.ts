import { UserError } from '#scripts/terminal/errors.ts';

/** Why a port can't be listened on, in one line that names the option to change. */
export function toPortError(cause: unknown, port: number, option: string): UserError {
  const { code } = cause as NodeJS.ErrnoException;
  const reason = code === 'EADDRINUSE' ? 'is taken by another program' : `can't be used (${code})`;
  return new UserError(`Port ${port} ${reason}; choose another with ${option}.`, { cause });
}
