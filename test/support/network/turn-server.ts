// A real TURN server (coturn, RFC 8656) on loopback, for calls that go through a relay. It relays at an address that peers accept
// from anybody, which a loopback address is only on a machine without a network.

import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IceServer } from "../../../rpc-schema/index.ts";
import { findFreePort } from "./loopback.ts";
import { ownAddress } from "./own-address.ts";
import { makeTurnCertificate, type TurnCertificate } from "./turn-certificate.ts";

const LOOPBACK = "127.0.0.1";
/** Outside of the ports that Linux gives to the WebRTC engine (32768 to 60999), so that a port tells whose it is. */
const RELAY_PORTS = { min: 61_000, max: 61_999 };
const USER = "alice";
const PASSWORD = "a-password";
/** A binding request of RFC 8489 section 5: type, length 0, magic cookie, transaction id. Any server answers it. */
const BINDING_REQUEST = Buffer.from("000100002112a442000000000000000000000000", "hex");
const REPEAT_MS = 50;
/** Only a broken server takes longer. */
const START_LIMIT_MS = 20_000;

export interface TurnServer {
  /** @returns whether candidates at this address and port are relayed by this server */
  isRelayed(address: string, port: number): boolean;
  /** For the setting iceServers. */
  readonly iceServer: IceServer;
  /** The same server by another protocol. TLS needs the option `withTls`. */
  over(protocol: "udp" | "tcp" | "tls"): IceServer;
  /** With the option `withTls`: the path of the certificate that signed the server's, in PEM. */
  readonly authority: string;
  /** The server dies, and does not come back. */
  stop(): Promise<void>;
  /** Loses every relayed path, as a restart of a real server does. Resolves when it serves again at the same address. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface TurnServerOptions {
  /** The server has a certificate of its own authority. Needs openssl. */
  readonly withTls?: boolean;
  /** Where it listens and relays, in place of loopback. */
  readonly address?: string;
  /** Of a server that did not run so far. */
  readonly port?: number;
}

/** @throws Error when coturn is not installed, or does not start */
export async function startTurnServer({
  withTls = false,
  address = LOOPBACK,
  port,
}: TurnServerOptions = {}): Promise<TurnServer> {
  const folder = mkdtempSync(join(tmpdir(), "turn-"));
  const certificate = withTls ? makeTurnCertificate(folder) : null;
  const ports = { plain: port ?? (await freePort()), tls: withTls ? await findFreePort() : null };
  const relayAddress = address === LOOPBACK ? ownAddress() : address;
  const files = { folder, certificate, address, relayAddress };
  let running = await start(files, ports);
  const access = { username: USER, credential: PASSWORD };
  const urls = {
    udp: `turn:${address}:${ports.plain}`,
    tcp: `turn:${address}:${ports.plain}?transport=tcp`,
    tls: `turns:${address}:${ports.tls}`,
  };
  return {
    iceServer: { urls: [urls.udp], ...access },
    over: (protocol) => ({ urls: [urls[protocol]], ...access }),
    authority: certificate?.authority ?? "",
    stop: () => end(running),
    isRelayed: (candidate, port) =>
      candidate === relayAddress && port >= RELAY_PORTS.min && port <= RELAY_PORTS.max,
    async restart() {
      await end(running);
      running = await start(files, ports);
    },
    async close() {
      await end(running);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface ServerFiles {
  readonly folder: string;
  readonly certificate: TurnCertificate | null;
  readonly address: string;
  readonly relayAddress: string;
}

interface ServerPorts {
  readonly plain: number;
  readonly tls: number | null;
}

async function start(
  { folder, certificate, address, relayAddress }: ServerFiles,
  { plain, tls }: ServerPorts,
): Promise<ChildProcess> {
  const where = [`--listening-ip=${address}`, `--listening-port=${plain}`, `--relay-ip=${relayAddress}`];
  const secured = certificate
    ? [`--tls-listening-port=${tls}`, `--cert=${certificate.certificate}`, `--pkey=${certificate.key}`]
    : ["--no-tls"];
  const ports = [`--min-port=${RELAY_PORTS.min}`, `--max-port=${RELAY_PORTS.max}`];
  const access = ["--lt-cred-mech", `--user=${USER}:${PASSWORD}`, "--realm=test", "--allow-loopback-peers"];
  const files = [`--pidfile=${join(folder, "pid")}`, `--userdb=${join(folder, "db")}`, "--log-file=stdout"];
  const without = ["-n", "--no-cli", "--no-dtls", "--no-rfc5780", "--no-stun-backward-compatibility"];
  const server = spawn("turnserver", [...without, ...where, ...secured, ...ports, ...access, ...files], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-20_000);
    });
  }
  const failed = new Promise<never>((_, reject) => {
    server.on("error", reject);
    server.on("exit", () => reject(new Error(`coturn ended before it served:\n${printed}`)));
  });
  try {
    await Promise.race([answered(address, plain), failed]);
  } catch (error) {
    await end(server);
    throw error;
  }
  return server;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill("SIGKILL");
  await exited;
}

/** Resolves when the port answers. Its first answer may come after several requests, because the server is starting. */
async function answered(address: string, port: number): Promise<void> {
  const socket = createSocket("udp4");
  // Nothing listens yet.
  socket.on("error", () => undefined);
  const ask = setInterval(() => socket.send(BINDING_REQUEST, port, address), REPEAT_MS);
  try {
    await once(socket, "message", { signal: AbortSignal.timeout(START_LIMIT_MS) });
  } finally {
    clearInterval(ask);
    socket.close();
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
