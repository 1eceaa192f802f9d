// TURN over TLS (RFC 8656 section 3.1) in Node's TLS. The engine's own accepts only some forty certificate authorities of 2021,
// without Let's Encrypt and without those that an administrator installed. The engine gets a plain TURN server on loopback,
// whose connections we carry to the real one.

import { readFile } from "node:fs/promises";
import { connect as connectPlain, createServer, isIP, type Server, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import type { IceServer } from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import { ConnectionGuard } from "../../http/connection-guard.ts";
import { LOOPBACK, listenOnLoopback } from "../../http/loopback.ts";

/** Why a server of the setting gave no TLS connection. */
export type OnTlsTrouble = (url: string, why: string) => void;

export interface TlsTunnels {
  /** For the engine. The others are unchanged. */
  readonly iceServers: readonly IceServer[];
  /** @returns the URL of the setting for one that the engine reports, which is the same for other servers */
  settingUrl(engineUrl: string): string;
  listen(onTrouble: OnTlsTrouble): void;
  /** Ends all connections. Idempotent. */
  close(): void;
}

/** The engine has one for each network interface and each of our addresses; the rest would be other programs. */
const MAX_CONNECTIONS = 32;
const DEFAULT_PORT = 5349;
/** For TCP and TLS together. */
const CONNECT_MS = 10_000;

/** @throws Error when this machine has no free port on loopback */
export async function openTlsTunnels(iceServers: readonly IceServer[]): Promise<TlsTunnels> {
  let onTrouble: OnTlsTrouble = () => undefined;
  const tunnels = new Map<string, Tunnel>();
  const close = () => {
    for (const tunnel of tunnels.values()) tunnel.close();
  };
  try {
    const secureContext = await trusted();
    for (const url of iceServers.flatMap(({ urls }) => urls).filter(isOverTls)) {
      if (!tunnels.has(url))
        tunnels.set(
          url,
          await Tunnel.open({ url, secureContext, onTrouble: (from, why) => onTrouble(from, why) }),
        );
    }
  } catch (error) {
    close();
    throw error;
  }
  const settingUrls = new Map([...tunnels].map(([url, { engineUrl }]) => [engineUrl, url]));
  return {
    iceServers: iceServers.map((server) => ({
      ...server,
      urls: server.urls.map((url) => tunnels.get(url)?.engineUrl ?? url),
    })),
    listen(listener) {
      onTrouble = listener;
    },
    settingUrl: (engineUrl) => settingUrls.get(engineUrl) ?? engineUrl,
    close,
  };
}

/** @returns the servers as they are, for settings without TLS */
export function withoutTunnels(iceServers: readonly IceServer[]): TlsTunnels {
  return { iceServers, settingUrl: (url) => url, listen: () => undefined, close: () => undefined };
}

/** TURN over DTLS, with `transport=udp`, is left to the engine. */
export function isOverTls(url: string): boolean {
  return /^turns:/i.test(url) && !/[?&]transport=udp\b/i.test(url);
}

interface TunnelOptions {
  readonly url: string;
  readonly secureContext: SecureContext;
  readonly onTrouble: OnTlsTrouble;
}

class Tunnel {
  /** As the engine reports it. */
  readonly engineUrl: string;
  readonly #listener: Server;
  readonly #guard: ConnectionGuard;
  readonly #sockets = new Set<Socket>();

  private constructor(listener: Server, port: number, options: TunnelOptions) {
    this.#listener = listener;
    this.#guard = new ConnectionGuard(listener, MAX_CONNECTIONS);
    this.engineUrl = `turn:${LOOPBACK}:${port}?transport=tcp`;
    listener.on("connection", (plain: Socket) => this.#admit(plain, options));
  }

  static async open(options: TunnelOptions): Promise<Tunnel> {
    const listener = createServer({ noDelay: true });
    const port = await listenOnLoopback(listener, 0);
    // A call must not keep the process alive.
    listener.unref();
    return new Tunnel(listener, port, options);
  }

  close(): void {
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Every page and program of this machine can connect. Only what begins as TURN does reaches the server. */
  #admit(plain: Socket, options: TunnelOptions): void {
    this.#sockets.add(plain);
    plain.once("close", () => this.#sockets.delete(plain));
    plain.on("error", () => plain.destroy());
    plain.once("data", (first) => {
      plain.pause();
      if (!isStun(first) || !this.#guard.serve(plain)) {
        this.#guard.refuse();
        plain.destroy();
        return;
      }
      plain.unshift(first);
      this.#carry(plain, options);
    });
  }

  /** Both directions end together, and neither holds more than its socket's buffer. */
  #carry(plain: Socket, { url, secureContext, onTrouble }: TunnelOptions): void {
    const { host, port } = placeOf(url);
    const outer = connectPlain({ host, port, noDelay: true });
    const secured = connectTls({
      socket: outer,
      ...(isIP(host) ? { host } : { servername: host }),
      secureContext,
    });
    const late = setTimeout(() => secured.destroy(new Error("no answer")), CONNECT_MS);
    secured.once("secureConnect", () => clearTimeout(late));
    secured.once("error", (error) => onTrouble(url, withoutHint(errorText(error))));
    // The engine closes its end when it gives up, which is no trouble of the server.
    plain.on("error", () => secured.destroy());
    this.#endTogether([plain, outer, secured], late);
    plain.pipe(secured).pipe(plain);
  }

  #endTogether(sockets: readonly Socket[], late: NodeJS.Timeout): void {
    for (const socket of sockets) {
      this.#sockets.add(socket);
      socket.once("close", () => {
        clearTimeout(late);
        this.#sockets.delete(socket);
        for (const other of sockets) other.destroy();
      });
    }
  }
}

/** RFC 8489 section 5: two zero bits, type, length, and the magic cookie. The engine writes a message at once. */
function isStun(first: Buffer): boolean {
  return first.length >= 8 && first.readUInt8(0) < 0x40 && first.readUInt32BE(4) === 0x2112a442;
}

/** Node's advice is for programmers. */
function withoutHint(text: string): string {
  return text.split(";")[0] ?? text;
}

/** RFC 7065 section 3.1. */
function placeOf(url: string): { host: string; port: number } {
  const [authority = ""] = url.slice(url.indexOf(":") + 1).split("?");
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(authority) ?? [];
  return { host: bracketed ?? plain ?? "", port: port === undefined ? DEFAULT_PORT : Number(port) };
}

/** Where systems keep the authorities that they trust: Debian and Arch, Fedora. */
const BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
let context: Promise<SecureContext> | undefined;

/** What this system trusts, with NODE_EXTRA_CA_CERTS; without a list of the system, what Node trusts. It takes some 20 ms once. */
function trusted(): Promise<SecureContext> {
  context ??= readBundle().then((bundle) =>
    createSecureContext(bundle === null ? {} : { ca: [bundle, ...getCACertificates("extra")] }),
  );
  return context;
}

async function readBundle(): Promise<string | null> {
  for (const path of BUNDLES) {
    const text = await readFile(path, "utf8").catch(() => null); // the next one may exist
    if (text !== null) return text;
  }
  return null;
}
