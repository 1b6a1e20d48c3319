import type { Server } from 'node:http';
import { type ListenAddress, type ListeningServer, startListening } from './listening-server.ts';

/** A listening HTTP server that only this machine reaches. */
export type LoopbackServer = ListeningServer;

/** Any free port of 127.0.0.1. */
export const LOOPBACK: ListenAddress = { host: '127.0.0.1', port: 0 };

/** Lets a server listen on a free port of 127.0.0.1. Rejects where it can't. */
export function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  return startListening(server, LOOPBACK);
}
