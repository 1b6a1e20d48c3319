/** Formats of text. Their tracks are in playlists of their own, which have no pictures or sound. */
const TEXT_FORMATS = ['wvtt', 'stpp', 'tx3g'];
/** The other fields of an AV1 codec may be left out, and the colours among them are not in its av1C box. */
const NEEDED_AV1_FIELDS = 4;
/** The constraints of an HEVC codec follow. Those at its end that are zero may be left out. */
const NEEDED_HEVC_FIELDS = 4;

/** The formats of pictures and sound in a CODECS attribute, each once, so that they can be compared. */
export function comparableCodecs(codecs: readonly string[]): readonly string[] {
  const fields = codecs.map((codec) => codec.trim().toLowerCase().split('.'));
  const shown = fields.filter(([format = '']) => !TEXT_FORMATS.includes(format));
  return [...new Set(shown.map(comparable))].toSorted();
}

/** As much of a codec (RFC 6381) as an init section is read for, in one form of the several that mean the same. */
function comparable(fields: readonly string[]): string {
  const [format = ''] = fields;
  if (format === 'avc1' || format === 'avc3') return fields.join('.');
  if (format === 'mp4a') return fields.map(withoutZeros).join('.');
  if (format === 'av01') return fields.slice(0, NEEDED_AV1_FIELDS).join('.');
  if (format !== 'hvc1' && format !== 'hev1') return format;
  const hevc = fields.map(withoutZeros);
  while (hevc.length > NEEDED_HEVC_FIELDS && hevc.at(-1) === '0') hevc.pop();
  return hevc.join('.');
}

/** Without those at its beginning. */
function withoutZeros(field: string): string {
  return field.replace(/^0+(?=.)/, '');
}
