declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    readonly path: string;
    /** How long a table stays in its state while it is made or deleted. */
    readonly createTableMs: number;
    readonly deleteTableMs: number;
  }

  /** A DynamoDB server that keeps its tables in a LevelDB folder. `close` closes the folder too. */
  export default function dynalite(options: DynaliteOptions): Server;
}
