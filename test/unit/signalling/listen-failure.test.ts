// Why the node does not listen, from what libp2p really throws.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { listenFailureText } from "../../../plugin/signalling/libp2p/listen-failure.ts";
import { createLibp2pSignalling } from "../../../plugin/signalling/libp2p-signalling.ts";

const ignore = () => undefined;

describe("an address on which the node cannot listen", () => {
  const taken = createServer();
  before(() => new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve)));
  after(() => taken.close());

  async function failureOf(listen: string[]): Promise<string> {
    const options = { label: "", listen, peers: [], mdns: false, presence: false, log: ignore };
    const signalling = createLibp2pSignalling(options, {
      onSignal: ignore,
      onContacts: ignore,
      onAddressChange: ignore,
    });
    try {
      await signalling.start();
      return "";
    } catch (error) {
      return String(error);
    } finally {
      await signalling.close();
    }
  }

  test("is named with the reason, in one line without libp2p's advice", async () => {
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : 0;
    const cases: [string, RegExp][] = [
      ["/ip4/203.0.113.5/tcp/0", /203\.0\.113\.5\/tcp\/0: this machine does not have the address/],
      [`/ip4/127.0.0.1/tcp/${port}`, /tcp\/\d+: another program uses the port \(EADDRINUSE\)$/],
      ["/ip4/127.0.0.1/udp/4000/quic-v1", /quic-v1: the node supports TCP only/],
    ];
    for (const [listen, expected] of cases) {
      const text = await failureOf([listen]);
      assert.match(text, expected);
      assert.doesNotMatch(text, /\n|node:|faultTolerance/);
    }
  });

  test("another failure keeps its first line, after the addresses", () => {
    const text = listenFailureText(new Error("no key\n    at somewhere"), ["/a", "/b"]);
    assert.equal(text, "/a /b: no key");
  });
});
