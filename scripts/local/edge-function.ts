import { createHmac } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import type { Logger } from 'pino';
import type { EdgeRequest, EdgeResponse, ViewerRequestEvent } from '#functions/viewer-token/edge-event.ts';

/** A CloudFront Function. Resolves to the request, changed or not, or to a response. Rejects if its code fails. */
export type EdgeFunction = (event: ViewerRequestEvent) => Promise<EdgeRequest | EdgeResponse>;

export interface EdgeFunctionOptions {
  /** The output of `bundleEdgeFunction`. */
  readonly code: string;
  /** The associated key value store. */
  readonly keyValues: ReadonlyMap<string, string>;
  readonly log: Logger;
}

const IMPORT = /^import (\w+) from "(cloudfront|crypto)";$/gm;
/** Globals that CloudFront's engine lacks ("JavaScript runtime 2.0 features"), so the code must not use them. */
const MISSING_GLOBALS = ['BigInt', 'Intl', 'Map', 'Proxy', 'Reflect', 'Set', 'SharedArrayBuffer', 'WeakMap', 'WeakSet'];

/** Loads a CloudFront Function into a context that resembles CloudFront's runtime, as far as Headend uses it. */
export function loadEdgeFunction({ code, keyValues, log }: EdgeFunctionOptions): EdgeFunction {
  const modules = { crypto: { createHmac }, cloudfront: { kvs: () => keyValueStore(keyValues) } };
  const console = { log: (line: string) => log.info({ line }, 'edge function') };
  const context = createContext({ modules, console }, { codeGeneration: { strings: false, wasm: false } });
  for (const name of MISSING_GLOBALS) runInContext(`delete globalThis.${name}`, context);
  const script = code.replace(IMPORT, (_line, local, name) => `const ${local} = modules.${name};`);
  return runInContext(`${script}\nhandler`, context) as EdgeFunction;
}

const keyValueStore = (values: ReadonlyMap<string, string>) => ({
  get: async (key: string, { format }: { readonly format?: string } = {}): Promise<unknown> => {
    const value = values.get(key);
    if (value === undefined) throw new Error(`KeyNotFound: ${key}`);
    return format === 'json' ? JSON.parse(value) : value;
  },
});
