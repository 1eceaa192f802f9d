// Runs inside the kernel machine: two network namespaces with this machine as the router between them, and a process in each.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Train, TrainFigures } from "../../../support/network/probe/packet-train.ts";
import type { Endpoint } from "../../../support/network/simulated/nat-table.ts";
import type { EndAnswer, EndRequest, Heard } from "./end.ts";

const END = fileURLToPath(new URL("end.ts", import.meta.url));
const TOOL_LIMIT_MS = 120_000;
/** No packet is to be lost in a socket because its process had no turn. */
const SOCKET_BUFFER_BYTES = 32_000_000;

/** The side behind the router's NAT. Both addresses are of one cable, as of two computers. */
export const INSIDE = ["10.1.0.2", "10.1.0.3"] as const;
/** The side in the open network. */
export const OUTSIDE = ["192.0.2.1", "198.51.100.9"] as const;
/** The router's outer address, and its cable to the outside. */
const ROUTER = "192.0.2.254";
export const OUTER_CABLE = "outer";
const INNER_CABLE = "inner";

export class NetworkEnd {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (value: EndAnswer) => void>();
  #requests = 0;

  constructor(namespace: string) {
    const command = ["netns", "exec", namespace, process.execPath, END];
    this.#child = spawn("ip", command, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child.on("message", ({ id, value }: { id: number; value: EndAnswer }) => {
      this.#waiting.get(id)?.(value);
      this.#waiting.delete(id);
    });
    this.#child.once("exit", (code) => {
      if (this.#waiting.size > 0) throw new Error(`the process in ${namespace} ended with ${code}`);
    });
  }

  async open(socket: Endpoint): Promise<void> {
    await this.#request({ type: "open", socket });
  }

  async send(socket: Endpoint, to: Endpoint, text: string): Promise<void> {
    await this.#request({ type: "send", socket, to, text });
  }

  /** @returns what arrived since this was last called, up to that text */
  async hear(socket: Endpoint, until: string): Promise<readonly Heard[]> {
    const heard = await this.#request({ type: "hear", socket, until });
    if (heard === null || !("length" in heard))
      throw new Error(`no texts were heard: ${JSON.stringify(heard)}`);
    return heard;
  }

  async receiveTrain(socket: Endpoint, train: Train): Promise<TrainFigures> {
    const figures = await this.#request({ type: "receive-train", socket, train });
    if (figures === null || !("lost" in figures)) throw new Error(`no figures: ${JSON.stringify(figures)}`);
    return figures;
  }

  /** Resolves when `isReceived` does. */
  async sendTrain(socket: Endpoint, to: Endpoint, train: Train, isReceived: Promise<unknown>): Promise<void> {
    const sent = this.#request({ type: "send-train", socket, to, train });
    await isReceived;
    await this.#request({ type: "train-received" });
    await sent;
  }

  close(): void {
    this.#child.disconnect();
  }

  async #request(request: EndRequest): Promise<EndAnswer> {
    const { promise, resolve } = Promise.withResolvers<EndAnswer>();
    const id = this.#requests;
    this.#requests += 1;
    this.#waiting.set(id, resolve);
    this.#child.send({ id, request });
    return await promise;
  }
}

export type NetworkEnds = Readonly<Record<"inside" | "outside", NetworkEnd>>;

/** The cables, addresses and routes, and a process at each end. */
export function buildNetwork(): NetworkEnds {
  for (const name of ["rmem_max", "rmem_default"]) {
    writeFileSync(`/proc/sys/net/core/${name}`, String(SOCKET_BUFFER_BYTES));
  }
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  const namespaces = [
    ["inside", INNER_CABLE, "10.1.0.1", INSIDE],
    ["outside", OUTER_CABLE, ROUTER, OUTSIDE],
  ] as const;
  for (const [name, cable, gateway, addresses] of namespaces) {
    ip("netns", "add", name);
    ip("link", "add", cable, "type", "veth", "peer", "name", "cable", "netns", name);
    ip("address", "add", `${gateway}/24`, "dev", cable);
    for (const address of addresses) ip("-n", name, "address", "add", `${address}/24`, "dev", "cable");
    ip("link", "set", cable, "up");
    ip("-n", name, "link", "set", "cable", "up");
    ip("-n", name, "route", "add", "default", "via", gateway);
  }
  ip("route", "add", `${OUTSIDE[1]}/32`, "dev", OUTER_CABLE);
  return { inside: new NetworkEnd("inside"), outside: new NetworkEnd("outside") };
}

/** The queueing discipline of what leaves to the outside; [] for none. */
export function shapeOuterCable(netem: readonly string[]): void {
  const device = ["dev", OUTER_CABLE, "root"];
  tool("tc", ["qdisc", "replace", ...device, ...(netem.length > 0 ? ["netem", ...netem] : ["pfifo"])]);
}

/** Replaces all rules of the router. */
export function setRules(rules: string): void {
  tool("nft", ["-f", "-"], `flush ruleset\n${rules}`);
}

function ip(...words: string[]): void {
  tool("ip", words);
}

function tool(name: string, words: readonly string[], input = ""): void {
  execFileSync(name, words, { input, timeout: TOOL_LIMIT_MS, stdio: ["pipe", "ignore", "inherit"] });
}
