// Keeps strangers from using up a loopback server, and counts them. Every page that the user opens can connect to 127.0.0.1,
// whatever the server then refuses. When there are too many connections, the oldest one that serves nothing makes room. Every
// loopback server of this package has a guard; a test checks it.

import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TurnedAway } from "../common/refusals.ts";

export class ConnectionGuard {
  /** The oldest first. */
  readonly #idle = new Set<Duplex>();
  readonly #serving = new Set<Duplex>();
  readonly #max: number;
  #closed = 0;
  #refused = 0;

  /** @param max connections, of which half may serve at the same time */
  constructor(server: Server, max: number) {
    this.#max = max;
    server.on("connection", (socket: Socket) => this.#enter(socket));
  }

  get counts(): TurnedAway {
    return { closed: this.#closed, refused: this.#refused };
  }

  /**
   * The connection belongs to an authorised client from now on, and no other makes it close. May be called for each request of
   * a connection. @returns false if too many are authorised
   */
  serve(socket: Duplex): boolean {
    if (this.#serving.has(socket)) return true;
    if (this.#serving.size >= this.#max / 2) return false;
    this.#idle.delete(socket);
    this.#serving.add(socket);
    return true;
  }

  /** A request was refused. */
  refuse(): void {
    this.#refused += 1;
  }

  #enter(socket: Socket): void {
    this.#idle.add(socket);
    socket.once("close", () => {
      this.#idle.delete(socket);
      this.#serving.delete(socket);
    });
    if (this.#idle.size + this.#serving.size <= this.#max) return;
    const [oldest] = this.#idle;
    if (oldest) this.#idle.delete(oldest);
    this.#closed += 1;
    oldest?.destroy();
  }
}
