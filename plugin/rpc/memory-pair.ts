// Joins a host and a plugin in memory, for tests. The code is the same as over pipes, but there are no processes.

import { PassThrough } from "node:stream";
import { type ConnectOptions, connectPlugin, type HostLink } from "./host-link.ts";
import { createPluginEnd, type PluginEnd, type ServeOptions } from "./serve.ts";

export interface MemoryPair {
  readonly host: HostLink;
  readonly plugin: PluginEnd;
  /** The plugin's input, for lines that no well-behaved host writes. */
  readonly hostToPlugin: PassThrough;
  readonly pluginToHost: PassThrough;
}

export function linkInMemory(
  pluginOptions: Pick<ServeOptions, "log" | "onHostGone">,
  hostOptions: ConnectOptions = {},
): MemoryPair {
  const hostToPlugin = new PassThrough();
  const pluginToHost = new PassThrough();
  const plugin = createPluginEnd({ input: hostToPlugin, output: pluginToHost, ...pluginOptions });
  const host = connectPlugin(hostToPlugin, pluginToHost, hostOptions);
  return { host, plugin, hostToPlugin, pluginToHost };
}
