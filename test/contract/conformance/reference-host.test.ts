// The reference host passes the conformance suite.

import type { HostNetwork } from "../../../plugin/host/conformance/network.ts";
import { startHost } from "../../../plugin/host/host.ts";
import type {
  HostTransport,
  HostTransportListener,
  TransportMessage,
} from "../../../plugin/host/transport/host-transport.ts";
import { hostConformance } from "./conformance.contract.ts";

const SELF = "12D3KooWTheHost1tse1f111";

/** The suite's network as the host transport of the reference host. */
function transportOver(network: HostNetwork): HostTransport & { arrives(message: TransportMessage): void } {
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
  const transport = transportOver(network);
  const host = await startHost({
    label: "Alice",
    pluginCommand: { program: pluginPath, args: [] },
    // A plugin that does not exit is killed soon.
    leaveTimeouts: { shutdownMs: 500, exitMs: 500 },
    transport,
  });
  return {
    arrives: transport.arrives,
    async stop() {
      await host.stop();
    },
  };
});
