import { isNativeError } from 'node:util/types';

/** What an error says, whichever realm it comes from; anything else as text. */
export const errorMessage = (error: unknown): string => (isNativeError(error) ? error.message : String(error));
