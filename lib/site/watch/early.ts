import { askAhead } from './ask-ahead.ts';
import { parsePageAddress } from './page-address.ts';

// Runs while the browser still loads and compiles the page's script, which is a hundred times as long.
const { stream } = parsePageAddress(location);
if (stream !== null) window.headendEarly ??= askAhead(stream);
