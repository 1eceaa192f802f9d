// The reference host keeps what every carrying host must.

import { startHost } from "../../plugin/host/host.ts";
import type {
  HostTransport,
  HostTransportListener,
  TransportMessage,
} from "../../plugin/host/transport/host-transport.ts";
import { type HostNetwork, hostConformance } from "./host-conformance.contract.ts";

const SELF = "12D3KooWTheHost1tse1f111";

/** The suite's network as the reference host's carrier. */
function carrierOver(network: HostNetwork): HostTransport & { arrives(message: TransportMessage): void } {
  let listener: HostTransportListener | undefined;
  return {
    selfId: SELF,
    send: (message) => network.send(message),
    contacts: () => [
      { peerId: SELF, label: "itself", addresses: [], reachable: true, videoDisabled: false },
      { peerId: "no id", label: "dropped", addresses: [], reachable: true, videoDisabled: false },
    ],
    setAvailability: () => undefined,
    listen(one) {
      listener = one;
      return () => {
        listener = undefined;
      };
    },
    arrives: (message) => listener?.onMessage(message),
  };
}

hostConformance("reference host", async (pluginPath, network) => {
  const carrier = carrierOver(network);
  const host = await startHost({
    label: "Alice",
    pluginCommand: { program: pluginPath, args: [] },
    // A plugin that a test leaves hanging is killed soon.
    leaveTimeouts: { shutdownMs: 500, exitMs: 500 },
    carrier,
  });
  return {
    arrives: carrier.arrives,
    async stop() {
      await host.stop();
    },
  };
});
