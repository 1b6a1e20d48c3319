import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Answers the request with a number (from 0 on) of a connection. */
export type Script = (socket: Socket, request: string, index: number) => void;

/** A task whose every byte a test decides. */
export class ScriptedTask {
  readonly sockets: Socket[] = [];
  readonly requests: string[] = [];
  readonly #server: Server;

  private constructor(script: Script) {
    this.#server = createServer((socket) => {
      this.sockets.push(socket);
      let index = 0;
      socket.on('error', () => undefined);
      socket.setEncoding('latin1');
      let unread = '';
      socket.on('data', (text: string) => {
        unread += text;
        if (!unread.endsWith('\r\n\r\n')) return;
        this.requests.push(unread);
        script(socket, unread, index);
        index += 1;
        unread = '';
      });
    });
  }

  static async start(script: Script): Promise<ScriptedTask> {
    const task = new ScriptedTask(script);
    task.#server.listen(0, '127.0.0.1');
    await once(task.#server, 'listening');
    return task;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that nobody has closed. */
  get open(): number {
    return this.sockets.filter(({ closed }) => !closed).length;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** An answer with a body. */
export function answerOf(body: Buffer | string, headers: readonly string[] = []): Buffer {
  const bytes = Buffer.from(body);
  const lines = ['HTTP/1.1 200 OK', ...headers, `Content-Length: ${bytes.length}`, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n')), bytes]);
}
