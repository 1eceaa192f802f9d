// What the doctor finds out about STUN and TURN servers: a real coturn over UDP, TCP and TLS, wrong credentials, and nothing there.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { loadWrtc } from "../../../plugin/peer/wrtc-engine.ts";
import { type TestedServer, testIceServer } from "../../../plugin/tools/ice-server-test.ts";
import { findFreePort } from "../../support/network/loopback.ts";
import { startTurnServer, type TurnServer } from "../../support/network/turn-server.ts";

describe("a test of an ICE server", { timeout: 60_000 }, () => {
  let turn: TurnServer;
  before(async () => {
    turn = await startTurnServer({ withTls: true });
  });
  after(() => turn?.close());

  const outcomeOf = async (change: (server: TestedServer) => TestedServer) => {
    const { urls, username, credential } = turn.iceServer;
    return await testIceServer(loadWrtc(), change({ url: urls[0] ?? "", username, credential }), 2_000);
  };

  test("finds that a TURN server relays, over UDP and TCP, and that it answers as a STUN server", async () => {
    for (const change of [
      (server: TestedServer) => server,
      (server: TestedServer) => ({ ...server, url: `${server.url}?transport=tcp` }),
      ({ url }: TestedServer) => ({ url: url.replace("turn:", "stun:") }),
    ]) {
      assert.deepEqual(await outcomeOf(change), { outcome: "works", detail: "" });
    }
  });

  test("passes the server's refusal of a wrong password on", async () => {
    const { outcome, detail } = await outcomeOf((server) => ({ ...server, credential: "wrong" }));
    assert.equal(outcome, "refused");
    assert.match(detail, /^401 /);
  });

  test("finds what is wrong with a server over TLS: its certificate, or nothing there", async () => {
    const { urls } = turn.over("tls");
    const untrusted = await outcomeOf((server) => ({ ...server, url: urls[0] ?? "" }));
    assert.equal(untrusted.outcome, "untrusted");
    assert.match(untrusted.detail, /certificate/);
    for (const url of [
      `turns:127.0.0.1:${await findFreePort()}`,
      `turn:127.0.0.1:${await findFreePort()}?transport=tcp`,
    ]) {
      assert.equal((await outcomeOf((server) => ({ ...server, url }))).outcome, "silent", url);
    }
    assert.equal(
      (await outcomeOf((server) => ({ ...server, url: "turns:no-such-host.invalid" }))).outcome,
      "unknown",
    );
  });

  test("tells a name without an address from a server that does not answer", async () => {
    const unknown = await outcomeOf((server) => ({ ...server, url: "turn:no-such-host.invalid:3478" }));
    assert.equal(unknown.outcome, "unknown");
    const deaf = createSocket("udp4").bind(0, "127.0.0.1");
    await once(deaf, "listening");
    const { port } = deaf.address();
    const silent = await Promise.all(
      ["turn", "stun"].map((scheme) =>
        outcomeOf((server) => ({ ...server, url: `${scheme}:127.0.0.1:${port}` })),
      ),
    );
    deaf.close();
    assert.deepEqual(
      silent.map(({ outcome }) => outcome),
      ["silent", "silent"],
    );
  });
});
