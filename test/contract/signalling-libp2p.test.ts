// Signalling over libp2p fulfils the signalling contract, with real sockets on loopback.

import { createLibp2pSignalling } from "../../plugin/signalling/libp2p-signalling.ts";
import { signallingContract } from "./signalling.contract.ts";

signallingContract("libp2p", () => ({
  create: ({ label, peers = [] }, callbacks) =>
    createLibp2pSignalling(
      {
        label,
        peers,
        listen: ["/ip4/127.0.0.1/tcp/0"],
        mdns: false,
        log: () => undefined,
        timings: { retryPauseMs: 10 },
      },
      callbacks,
    ),
  // Connections to port 1 (tcpmux) are refused, unless the machine serves it.
  deadAddress: "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWFpTTmrP1NAthPQnMmeTyUYYuvihqt71UKLSth6xSGsVf",
}));
