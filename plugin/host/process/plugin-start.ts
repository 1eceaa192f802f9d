// The first exchange with a new plugin process: which program runs, and `initialize` with its two kinds of failure.

import { type Manifest, type Result, RpcError } from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import { type HostLink, type InitializeParams, initializePlugin } from "../../rpc/host-link.ts";
import { withoutRefused } from "../settings/settings-controller.ts";
import { startCommandOf } from "./manifest-file.ts";
import { ownPlugin, type PluginCommand, type PluginExit, type PluginProcess } from "./plugin-process.ts";

/** Loading the WebRTC engine and libp2p takes less than a second. A slow disk or a busy machine gets much more time. */
const INITIALIZE_TIMEOUT_MS = 30_000;

/** The manifest's command, or, when the host runs from its sources, the plugin's source. */
export function ownCommand(manifest: Manifest): PluginCommand {
  return import.meta.url.endsWith(".ts") ? ownPlugin() : startCommandOf(manifest);
}

/** Stops the plugin when it fails. @throws RpcError, or Error with the exit status of a plugin that died */
export async function initializeProcess(
  plugin: PluginProcess,
  params: InitializeParams,
  log: (line: string) => void,
): Promise<Result<"initialize">> {
  try {
    return await requestInitialize(plugin.link, params, log);
  } catch (error) {
    const cause = isClosed(error) ? await startError(plugin.exited, error) : error;
    await plugin.stop();
    throw cause;
  }
}

/** Tries again without the settings that the plugin refused, because a bad stored setting must not prevent the start. */
async function requestInitialize(
  link: HostLink,
  params: InitializeParams,
  log: (line: string) => void,
): Promise<Result<"initialize">> {
  const limit = { timeoutMs: INITIALIZE_TIMEOUT_MS };
  try {
    return await initializePlugin(link, params, limit);
  } catch (error) {
    const settings = withoutRefused(params.settings ?? {}, error);
    if (settings === null) throw error;
    log(`host: started without the settings that the plugin refused: ${errorText(error)}`);
    return initializePlugin(link, { ...params, settings }, limit);
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && !(error instanceof RpcError) && "code" in error && error.code === "closed";
}

/** How the process ended explains a failed start better than its closed pipe. */
async function startError(exited: Promise<PluginExit>, cause: unknown): Promise<Error> {
  const { why, lastLine } = await exited;
  return new Error(`the plugin did not start: ${why}; its last line: ${lastLine || "none"}`, { cause });
}
