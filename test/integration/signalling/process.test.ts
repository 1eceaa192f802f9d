// Signalling between processes on loopback: clean exits, crashes and restarts.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as poll } from "node:timers/promises";
import { createLibp2pSignalling } from "../../../plugin/signalling/libp2p-signalling.ts";
import { startSignallingProcess } from "../../support/network/signalling-process.ts";

const listen = ["/ip4/127.0.0.1/tcp/0"];
let directory = "";

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "signalling-process-"));
});
after(() => rm(directory, { recursive: true, force: true }));

test("two processes exchange signals, and exit with status 0 when their stdin closes", async () => {
  const bob = await startSignallingProcess({ label: "Bob", listen });
  const alice = await startSignallingProcess({ label: "Alice", listen, peers: [bob.address] });
  assert.equal(await alice.send(bob.peerId, "call-1", { type: "call-request" }), "acknowledged");
  const { signal } = await bob.untilEvent((event) => event.signal !== undefined);
  assert.deepEqual(
    [signal?.from, signal?.callId, signal?.signal.type],
    [alice.peerId, "call-1", "call-request"],
  );
  assert.equal(await bob.send(alice.peerId, "call-1", { type: "call-ack" }), "acknowledged");
  assert.equal(await alice.leave(), 0);
  await bob.untilEvent((event) => event.contacts?.some(({ reachable }) => !reachable) ?? false);
  assert.equal(await bob.leave(), 0);
});

test("a killed peer becomes unreachable, and is reachable again after a restart with the same key", async () => {
  const privateKeyFile = join(directory, "bob", "identity.key");
  const bob = await startSignallingProcess({ label: "Bob", listen, privateKeyFile });
  const alice = await startSignallingProcess({
    label: "Alice",
    listen,
    peers: [bob.address],
    timings: { redialMs: 50 },
  });
  const isReachable = (expected: boolean, label: string) =>
    alice.untilEvent(
      (event) => event.contacts?.some((each) => each.reachable === expected && each.label === label) ?? false,
    );
  await isReachable(true, "Bob");
  await bob.kill();
  await isReachable(false, "Bob");
  const port = /tcp\/(\d+)\//.exec(bob.address)?.[1];
  const again = await startSignallingProcess({
    label: "Bob again",
    listen: [`/ip4/127.0.0.1/tcp/${port}`],
    privateKeyFile,
  });
  assert.equal(again.peerId, bob.peerId);
  await isReachable(true, "Bob again");
  assert.equal(await alice.send(again.peerId, "call-1", { type: "call-request" }), "acknowledged");
  assert.deepEqual(await Promise.all([alice.leave(), again.leave()]), [0, 0]);
});

test("start fails with a reason if the key is damaged, or the address is in use or invalid", async (t) => {
  const silent = { onSignal: () => undefined, onContacts: () => undefined, onAddressChange: () => undefined };
  const options = { label: "Eva", listen, peers: [], mdns: false, log: () => undefined };
  const privateKeyFile = join(directory, "damaged.key");
  await writeFile(privateKeyFile, "not a key");
  const bob = await startSignallingProcess({ label: "Bob", listen });
  // A failed assertion must not leave the process, for which the test run would wait.
  t.after(() => bob.kill());
  const taken = bob.address.split("/p2p/")[0] ?? "";
  const wrong = [{ privateKeyFile }, { listen: [taken] }, { listen: ["/ip4/nowhere"] }];
  for (const each of wrong) {
    const eva = createLibp2pSignalling({ ...options, ...each }, silent);
    const what = new RegExp(Object.values(each).flat()[0] ?? "");
    await assert.rejects(eva.start(), { name: "SignallingError", code: "startFailed", message: what });
    await eva.close();
  }
  assert.equal(await bob.leave(), 0);
});

test("closing during the start leaves no socket behind", async () => {
  const silent = { onSignal: () => undefined, onContacts: () => undefined, onAddressChange: () => undefined };
  const eva = createLibp2pSignalling(
    { label: "Eva", listen, peers: [], mdns: false, log: () => undefined },
    silent,
  );
  const starting = assert.rejects(eva.start(), { code: "closed" });
  await Promise.all([eva.close(), starting]);
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP"));
  // A closed socket's handle disappears some turns of the event loop later, without an event.
  for (let tries = 0; tries < 400 && sockets().length > 0; tries += 1) await poll(5);
  assert.deepEqual(sockets(), []);
});
