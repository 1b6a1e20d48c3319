/**
 * Why a call of the control API failed: the API refused it, nothing answered, or something answered that is not
 * Headend's control API.
 */
export type ApiErrorKind = 'refused' | 'no-answer' | 'not-headend';

/** A failed call of the control API. The message has one line per problem and contains no secret. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly kind: ApiErrorKind;
  /** HTTP status of a refusal. Null for every other kind. */
  readonly status: number | null;

  constructor(kind: ApiErrorKind, message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options);
    this.kind = kind;
    this.status = options.status ?? null;
  }
}
