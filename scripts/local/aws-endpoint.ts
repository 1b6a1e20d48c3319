import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { LOOPBACK_NAMES } from '#domain/ports.ts';
import { LOCAL_CREDENTIALS } from './aws-environment.ts';
import { type ListenAddress, type ListeningServer, readBody, startListening } from './http-server.ts';
import { hasOwnName } from './own-hosts.ts';
import { isBodyOf, isSigned, type LocalAwsService } from './request-signature.ts';

/** Where a local AWS service listens. */
export interface AwsEndpointAddress extends ListenAddress {
  /** A name by which other containers reach it, in lower case. @default none */
  readonly hostName?: string | undefined;
}

/** A request of somebody who knows the secret. */
export interface AwsRequest {
  /** Its body has been read. */
  readonly head: IncomingMessage;
  /** Null if it is longer than the service's limit. */
  readonly body: Buffer | null;
}

export interface AwsEndpointOptions {
  readonly service: LocalAwsService;
  readonly address: AwsEndpointAddress;
  readonly bodyLimitBytes: number;
  /** Answers a request. If it rejects, the connection is cut. */
  readonly answer: (request: AwsRequest, response: ServerResponse) => Promise<void>;
  readonly log: Pick<Logger, 'warn'>;
  /** A server whose listeners for requests this replaces. @default a new one */
  readonly server?: Server;
  /** @default Date.now */
  readonly now?: () => number;
}

/**
 * Serves an AWS service on this machine, to this process and its children only. On loopback, every user of the machine
 * and every page in a browser can connect, and one item in the database makes an administrator. So a request must be
 * signed with this process's secret, come from no page, and ask for this host. Anything else is a 403 that no page can
 * read, before its body is read.
 */
export async function startAwsEndpoint(options: AwsEndpointOptions): Promise<ListeningServer> {
  const { server = createServer(), address, answer, log, service } = options;
  server.removeAllListeners('request');
  server.on('request', async (head: IncomingMessage, response: ServerResponse) => {
    try {
      const reason = await refusal(head, options);
      if (reason !== null) return refuse(response, reason);
      const body = await readBody(head, options.bodyLimitBytes);
      if (body !== null && !isBodyOf(head, body)) return refuse(response, 'The body is not the one that was signed.');
      await answer({ head, body }, response);
    } catch (error) {
      log.warn({ err: error, service }, 'a request to a local AWS service was interrupted');
      response.destroy();
    }
  });
  return startListening(server, address);
}

/** Why a request is refused. Null if its head is that of this process or one of its children. */
async function refusal(head: IncomingMessage, options: AwsEndpointOptions): Promise<string | null> {
  const { service, address, now = Date.now } = options;
  if (head.headers.origin !== undefined) return 'Web pages may not use this service.';
  // The port is not compared, because tests put relays in between. The signature covers it.
  const names = [...LOOPBACK_NAMES, ...(address.hostName === undefined ? [] : [address.hostName])];
  if (!hasOwnName(names, head.headers.host)) return 'This service has another name.';
  if (!(await isSigned(head, { service, credentials: LOCAL_CREDENTIALS, now }))) {
    return 'The request is not signed with the secret of this start.';
  }
  return null;
}

function refuse(response: ServerResponse, message: string): void {
  const type = 'InvalidSignatureException';
  response
    .writeHead(403, { 'Content-Type': 'application/json', 'X-Amzn-ErrorType': type, Connection: 'close' })
    .end(JSON.stringify({ __type: type, message }));
}
