/** The languages of the pages, by the first part of their tags (RFC 5646). The first one is for everybody else. */
export const LANGUAGES = ['en', 'de'] as const;

export type Language = (typeof LANGUAGES)[number];

/** The first of a reader's languages that the pages have. `preferred` is in the form of `navigator.languages`. */
export function chooseLanguage(preferred: readonly string[]): Language {
  const tags = preferred.map((tag) => tag.toLowerCase().split('-', 1)[0]);
  const chosen = tags.find((tag) => LANGUAGES.some((language) => language === tag));
  return (chosen as Language | undefined) ?? LANGUAGES[0];
}
