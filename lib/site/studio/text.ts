import { studio as de } from '../text/de.ts';
import { studio as en, type StudioText } from '../text/en.ts';
import { createFormats } from '../ui/formats.ts';
import { chooseLanguage, type Language } from '../ui/language.ts';

const TEXTS: Readonly<Record<Language, StudioText>> = { en, de };

/** The studio's words in the reader's language. */
export const text: StudioText = TEXTS[chooseLanguage(navigator.languages)];

/** Numbers and moments in that language. The region of the reader decides about their form. */
export const formats = createFormats(
  navigator.languages.find((tag) => tag.toLowerCase().startsWith(text.locale)) ?? text.locale,
);
