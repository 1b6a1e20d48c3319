const LANGUAGE = /^[a-z]{2,3}([-_][a-z0-9]{2,8}){0,3}$/i;
/** ISO 639-2: undetermined, none, multiple. */
const NO_LANGUAGES: readonly string[] = ['und', 'zxx', 'mul'];

/** A language that a publisher names, such as `eng` or `pt_BR`, as RFC 5646 writes it. Null if it names none. */
export function toLanguageTag(text: unknown): string | null {
  if (typeof text !== 'string' || !LANGUAGE.test(text)) return null;
  try {
    const [tag = ''] = Intl.getCanonicalLocales(text.replaceAll('_', '-'));
    return tag === '' || NO_LANGUAGES.includes(tag) ? null : tag;
  } catch (error) {
    if (error instanceof RangeError) return null; // it only looks like a language
    throw error;
  }
}
