declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A DynamoDB server that keeps its tables in a LevelDB folder. `close` closes the folder too. */
  export default function dynalite(options: { readonly path: string; readonly createTableMs: number }): Server;
}
