import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';

/** Distributes viewers' requests to the encoder tasks in turn, like the load balancer behind CloudFront. */
export class OriginProxy {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #originUrls: () => readonly string[];
  #turn = 0;

  /** `originUrls` returns the current addresses of the tasks, without a trailing slash. */
  constructor(originUrls: () => readonly string[]) {
    this.#originUrls = originUrls;
  }

  /** Streams the answer of the next task. Answers 502 if the task can't be reached. */
  pass(request: IncomingMessage, response: ServerResponse): void {
    const urls = this.#originUrls();
    const url = urls[this.#turn++ % urls.length];
    if (url === undefined) {
      refuse(response);
      return;
    }
    const upstream = httpRequest(
      url,
      { method: request.method, path: request.url, headers: request.headers, agent: this.#agent },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      },
    );
    upstream.once('error', () => {
      if (response.headersSent) response.destroy();
      else refuse(response);
    });
    response.once('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  close(): void {
    this.#agent.destroy();
  }
}

function refuse(response: ServerResponse): void {
  response.writeHead(502, { 'access-control-allow-origin': '*' }).end('no encoder task answers\n');
}
