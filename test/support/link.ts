import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way over the network to a server, which can be cut and mended. */
export class Link {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #to: URL;

  private constructor(server: Server, url: string, to: string) {
    this.#server = server;
    this.url = url;
    this.#to = new URL(to);
  }

  /** @param to the server's address: `http://127.0.0.1:7440` */
  static async to(to: string): Promise<Link> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { port: own } = server.address() as AddressInfo;
    const link = new Link(server, `http://127.0.0.1:${own}`, to);
    server.on('connection', (socket) => link.#pass(socket));
    return link;
  }

  /** Ends what is under way in the middle, and lets nothing through. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  /** From now on it leads to another address: the server was started anew. */
  lead(to: string): void {
    this.#to = new URL(to);
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #pass(socket: Socket): void {
    if (this.#cut) return void socket.destroy();
    const { hostname: host, port } = this.#to;
    const onward = connect({ port: Number(port), host, allowHalfOpen: true });
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#sockets.add(one);
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.on('error', () => undefined);
      one.pipe(other);
    }
  }
}
