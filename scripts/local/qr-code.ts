import { renderUnicodeCompact } from 'uqr';

/** Scanners want four modules around the code (ISO/IEC 18004), and take two on a screen. */
const QUIET_MODULES = 2;
const WHITE_ON_BLACK = '\u001b[97;40m';
const RESET = '\u001b[0m';

/**
 * A QR code as lines of text. Its light modules are blocks. In a terminal they are made white on black, whatever the
 * terminal's own colours are; otherwise it suits light text on a dark ground.
 */
export function qrCode(text: string, isTerminal: boolean): string {
  const code = renderUnicodeCompact(text, { border: QUIET_MODULES });
  return isTerminal ? code.replace(/^.*$/gm, `${WHITE_ON_BLACK}$&${RESET}`) : code;
}
