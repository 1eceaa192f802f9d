// A plugin with a few methods, in a process of its own, for tests of the link over real pipes.

import { openWritable } from "../../../plugin/rpc/open-writable.ts";
import { createPluginEnd } from "../../../plugin/rpc/serve.ts";
import { linkHandlers } from "../fakes/link-handlers.ts";

const plugin = createPluginEnd({
  input: process.stdin,
  output: openWritable(1),
  log: (level, message) => console.error(`${level}: ${message}`),
  onHostGone: () => process.exit(0),
});
const { handlers, notificationHandlers } = linkHandlers(plugin);
plugin.serve(handlers, notificationHandlers);
