// Runs inside the kernel machine: the kernel's NAT (nf_nat, set up by nft) as each classic kind, and two of its habits that the
// kinds do not know.

import {
  askNat,
  type NatAnswers,
  type NatUnderTest,
  OTHER_PORT,
  SERVER,
  STRANGER,
} from "../../../support/network/probe/nat-questions.ts";
import type { Endpoint, NatKind } from "../../../support/network/simulated/nat-table.ts";
import type { Heard } from "./end.ts";
import { INSIDE, type NetworkEnds, OUTER_CABLE, setRules } from "./namespaces.ts";

/** Packets that belong to no mapping get no answer from the router, as in every home router. */
const SILENT = `
  chain input {
    type filter hook input priority filter
    iifname ${OUTER_CABLE} drop
  }`;

function masquerade(how = ""): string {
  return `
  chain leave {
    type nat hook postrouting priority srcnat
    oifname ${OUTER_CABLE} masquerade ${how}
  }`;
}

/** @param from whose packets to the port pass to the inside */
function forward(inside: Endpoint, from = ""): string {
  const port = inside.split(":")[1];
  return `
  chain enter {
    type nat hook prerouting priority dstnat
    iifname ${OUTER_CABLE} ${from} udp dport ${port} dnat to ${inside}
  }`;
}

const CONTACTED = `
  set contacted {
    type ipv4_addr
    flags dynamic
    size 100
  }
  chain passing {
    type filter hook forward priority filter
    oifname ${OUTER_CABLE} update @contacted { ip daddr }
  }`;

/** Linux is a port-restricted cone by itself. It needs help to be less strict, and `fully-random` to be stricter. */
const RULES: Readonly<Record<NatKind, (inside: Endpoint) => string[]>> = {
  "full cone": (inside) => [masquerade(), SILENT, forward(inside)],
  "restricted cone": (inside) => [masquerade(), SILENT, CONTACTED, forward(inside, "ip saddr @contacted")],
  "port-restricted cone": () => [masquerade(), SILENT],
  symmetric: () => [masquerade("fully-random"), SILENT],
};

export interface KernelNat {
  readonly kinds: Readonly<Record<NatKind, NatAnswers>>;
  /** A masquerade whose router answers strangers itself, with an ICMP message. */
  readonly answering: NatAnswers;
  /** Outer ports of two inside sockets with the same port: the first to the server, the second to the server, to the stranger. */
  readonly collision: readonly string[];
}

/** Each question has inside ports of its own, so that no mapping is left of the one before. */
export async function askKernelNat(ends: NetworkEnds): Promise<KernelNat> {
  for (const socket of [SERVER, OTHER_PORT, STRANGER]) await ends.outside.open(socket);
  let port = 4_000;
  const ask = async (rules: (inside: Endpoint) => string[]) => {
    port += 1;
    const inside = `${INSIDE[0]}:${port}`;
    setRules(tableOf(rules(inside)));
    await ends.inside.open(inside);
    return await askNat(kernelNat(ends, inside));
  };
  const kinds = {
    "full cone": await ask(RULES["full cone"]),
    "restricted cone": await ask(RULES["restricted cone"]),
    "port-restricted cone": await ask(RULES["port-restricted cone"]),
    symmetric: await ask(RULES.symmetric),
  };
  const answering = await ask(() => [masquerade()]);
  setRules(tableOf(RULES["port-restricted cone"]("")));
  const [one, other] = INSIDE.map((address) => `${address}:5000`);
  const collision: string[] = [];
  for (const [inside = "", to] of [
    [one, SERVER],
    [other, SERVER],
    [other, STRANGER],
  ] as const) {
    if (to === SERVER) await ends.inside.open(inside);
    collision.push((await kernelNat(ends, inside).leave(to)).split(":")[1] ?? "");
  }
  return { kinds, answering, collision };
}

function tableOf(chains: readonly string[]): string {
  return `table ip router {${chains.join("")}\n}`;
}

let packets = 0;

function kernelNat({ inside, outside }: NetworkEnds, own: Endpoint): NatUnderTest {
  const nextText = () => {
    packets += 1;
    return `packet ${packets}`;
  };
  return {
    async leave(to) {
      const text = nextText();
      await inside.send(own, to, text);
      return (await outside.hear(to, text)).find((heard) => heard.text === text)?.from ?? "";
    },
    async enter(outer, from) {
      const texts = new Map<string, Endpoint>();
      for (const sender of from) {
        const text = nextText();
        texts.set(text, sender);
        await outside.send(sender, outer, text);
      }
      const heard: readonly Heard[] = await inside.hear(own, [...texts.keys()].at(-1) ?? "");
      return heard.flatMap(({ text }) => texts.get(text) ?? []);
    },
  };
}
