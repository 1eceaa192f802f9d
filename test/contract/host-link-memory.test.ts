// The contract of the host link, in both directions, in memory.

import { linkInMemory } from "../../plugin/rpc/memory-pair.ts";
import { linkHandlers } from "../support/fakes/link-handlers.ts";
import { testHostLink } from "./host-link.contract.ts";
import { testPluginRequests } from "./plugin-requests.contract.ts";

function link() {
  const { host, plugin, hostToPlugin } = linkInMemory({ log: () => undefined, onHostGone: () => undefined });
  const { handlers, notificationHandlers } = linkHandlers(plugin);
  plugin.serve(handlers, notificationHandlers);
  return {
    host,
    raw: hostToPlugin,
    async end() {
      host.close();
      plugin.close();
    },
  };
}

testHostLink("memory", link);
testPluginRequests("memory", link);
