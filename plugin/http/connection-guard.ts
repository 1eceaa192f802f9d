// Keeps idle connections from using up a loopback server. Every page that the user opens can connect to 127.0.0.1, whatever the
// server then refuses. When there are too many connections, the oldest one that serves nothing makes room.

import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

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

  /** What was turned away so far: connections that made room for others, and refused requests. */
  get counts(): { readonly closed: number; readonly refused: number } {
    return { closed: this.#closed, refused: this.#refused };
  }

  /** The connection belongs to an authorised client from now on. @returns false if too many are authorised */
  serve(socket: Duplex): boolean {
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
