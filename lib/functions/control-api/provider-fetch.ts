import { signalWithin } from '#runtime/signal-within.ts';

/** An OpenID Connect provider's answers are a few kilobytes. */
export const PROVIDER_ANSWER_LIMIT_BYTES = 64 * 1024;
/** How long one answer may take, in milliseconds. A sign-in waits for up to four, and Lambda ends a request after ten seconds. */
const PROVIDER_TIMEOUT_MS = 1_500;

/** The provider did not answer, or not with something that can be read. Another try may succeed. */
export class ProviderUnavailableError extends Error {
  override readonly name = 'ProviderUnavailableError';
}

/** Whether an error, or what caused it, is that the provider did not answer. */
export const isProviderUnavailable = (error: unknown): boolean =>
  error instanceof ProviderUnavailableError || (error instanceof Error && isProviderUnavailable(error.cause));

/** `fetch` with a limit of time and of size, both for the whole answer. A provider that fails is an error, too. */
export async function fetchFromProvider(
  url: string,
  { signal, ...options }: RequestInit,
  timeoutMs = PROVIDER_TIMEOUT_MS,
): Promise<Response> {
  const limited = { ...options, signal: signalWithin(timeoutMs, signal ?? new AbortController().signal) };
  try {
    const response = await fetch(url, limited);
    if (response.status >= 500) {
      await response.body?.cancel();
      throw new Error(`the provider answered ${response.status}`);
    }
    return new Response(await readLimited(response), response);
  } catch (cause) {
    const { origin, pathname } = new URL(url);
    throw new ProviderUnavailableError(`no answer from ${origin}${pathname}`, { cause });
  }
}

/** The body. Null for answers that must not have one. */
async function readLimited({ body }: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (bytes > PROVIDER_ANSWER_LIMIT_BYTES) throw new Error(`more than ${PROVIDER_ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
