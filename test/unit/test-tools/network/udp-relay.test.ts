// The relay between two sockets: the fates of packets repeat from the seed, each direction has its own, and an address can move.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { openThrough, type RelaySocket } from "../../../support/network/probe/relay-socket.ts";
import {
  BLACKOUT,
  FREE_LINK,
  type LinkShape,
  type PacketFate,
} from "../../../support/network/simulated/link-shape.ts";
import type { NetworkSide } from "../../../support/network/simulated/simulated-network.ts";
import { UdpRelay } from "../../../support/network/simulated/udp-relay.ts";

const COUNT = 200;
const ROUGH: LinkShape = {
  ...FREE_LINK,
  jitterMs: 3,
  loss: 0.3,
  lossBurst: 3,
  duplicated: 0.2,
  reordered: 0.2,
};

type Sides = Readonly<Record<NetworkSide, RelaySocket>>;

async function withSockets(relay: UdpRelay, use: (sides: Sides) => Promise<void>): Promise<void> {
  const sides = { a: await openThrough(relay, "a"), b: await openThrough(relay, "b") };
  try {
    await use(sides);
  } finally {
    for (const { socket } of Object.values(sides)) socket.close();
    relay.stop();
  }
}

function send({ socket }: RelaySocket, to: RelaySocket, text = "packet"): void {
  const [address, port] = to.shown.split(":");
  socket.send(text, Number(port), address);
}

/** What happened to the packets of side `a`, while the other side sent `answers` for each of them. */
async function fatesWith(seed: number, answers: number): Promise<string[]> {
  const fates: string[] = [];
  let onFate: () => void = () => undefined;
  const relay = await UdpRelay.start({
    seed,
    shapes: { a: ROUGH, b: ROUGH },
    onPacket(from, _packet, fate) {
      if (from === "a") fates.push(nameOf(fate));
      onFate();
    },
  });
  await withSockets(relay, async ({ a, b }) => {
    for (let number = 1; number <= COUNT; number += 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onFate = () => fates.length >= number && resolve();
      for (let answer = 0; answer < answers; answer += 1) send(b, a);
      send(a, b);
      await promise;
    }
  });
  return fates;
}

function nameOf(fate: PacketFate): string {
  return typeof fate === "string" ? fate : `${fate.copies} copies`;
}

test("the packets of a direction have the same fates with the same seed, whatever the other side sends", async () => {
  const fates = await fatesWith(4, 0);
  assert.deepEqual(await fatesWith(4, 0), fates);
  assert.deepEqual(await fatesWith(4, 2), fates);
  assert.notDeepEqual(await fatesWith(5, 0), fates);
  assert.deepEqual([...new Set(fates)].sort(), ["1 copies", "2 copies", "lost"]);
});

test("one direction can lose everything while the other loses nothing", async () => {
  const fates: Record<NetworkSide, PacketFate[]> = { a: [], b: [] };
  const relay = await UdpRelay.start({
    shapes: { a: BLACKOUT },
    onPacket: (from, _, fate) => fates[from].push(fate),
  });
  await withSockets(relay, async ({ a, b }) => {
    const arrived = once(a.socket, "message");
    send(a, b, "lost");
    send(b, a, "arrives");
    assert.equal(String((await arrived)[0]), "arrives");
    while (fates.a.length === 0) await new Promise(setImmediate);
    assert.deepEqual(fates.a, ["lost"]);
  });
});

test("after a move a side's packets come from a new address, and packets to the old one are lost", async () => {
  const relay = await UdpRelay.start();
  await withSockets(relay, async ({ a, b }) => {
    await relay.moveAddress("a");
    const [arrived] = [once(b.socket, "message")];
    send(b, a, "to the old address");
    send(a, b, "from the new address");
    const [packet, { address, port }] = await arrived;
    assert.equal(String(packet), "from the new address");
    assert.notEqual(`${address}:${port}`, a.shown);
    const answered = once(a.socket, "message");
    b.socket.send("to the new address", port, address);
    assert.equal(String((await answered)[0]), "to the new address");
  });
});
