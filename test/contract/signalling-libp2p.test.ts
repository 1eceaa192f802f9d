// The libp2p node keeps the signalling contract, over real sockets on loopback.

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
  // Port 1 (tcpmux) is refused on any machine that does not serve it.
  deadAddress: "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWFpTTmrP1NAthPQnMmeTyUYYuvihqt71UKLSth6xSGsVf",
}));
