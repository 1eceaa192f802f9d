// The command line of the bridge.

import { parseArgs } from "node:util";
import type { DeepPartial, Settings } from "../../../rpc-schema/index.ts";
import { readNumber } from "../options.ts";

export interface CommandOptions {
  /** Undefined: the only Goop² that runs. */
  readonly goop: URL | undefined;
  /** The port of Goop²'s pages. 0 takes a free one. */
  readonly pagesPort: number;
  /** The call page's port. 0 takes a free one. */
  readonly port: number;
  readonly open: boolean;
  /** The settings that the user gave. The plugin's defaults hold for the rest. */
  readonly settings: DeepPartial<Settings>;
  /** Ends after so many seconds. Undefined: on Ctrl-C. */
  readonly durationS: number | undefined;
  readonly log: boolean;
}

export const bridgeHelp = `Calls for a running Goop² that cannot call by itself. Uses Goop²'s HTTP API to exchange signals, and
serves Goop²'s pages, whose call buttons then work, and a call page of its own. Changes nothing in Goop².

  --goop URL           the address of Goop², such as http://127.0.0.1:8080 (default: the only Goop² that runs)
  --pages-port N       port of Goop²'s pages on 127.0.0.1 (default: a free one)
  --port N             port of the call page on 127.0.0.1 (default: a free one)
  --open, --no-open    open Goop²'s pages in the default browser (default: when there is a display)
  --camera X           auto, test-pattern, none, or a camera's id
  --microphone X       auto, tone, none, or a microphone's id
  --speaker X          auto, none, or a speaker's id
  --duration S         end after S seconds (default: on Ctrl-C)
  --log                print the plugin's log
  --help`;

/** @returns "help" for --help. @throws TypeError on an unknown option; RangeError naming the option and its value */
export function readBridgeOptions(args: readonly string[], hasDisplay: boolean): CommandOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      goop: { type: "string" },
      "pages-port": { type: "string", default: "0" },
      port: { type: "string", default: "0" },
      open: { type: "boolean", default: hasDisplay },
      camera: { type: "string" },
      microphone: { type: "string" },
      speaker: { type: "string" },
      duration: { type: "string" },
      log: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { camera, microphone, speaker } = values;
  const given = Object.entries({ camera, microphone, speaker }).filter(([, value]) => value !== undefined);
  return {
    goop: values.goop === undefined ? undefined : readGoopAddress(values.goop),
    pagesPort: readNumber("--pages-port", values["pages-port"], 65_535),
    port: readNumber("--port", values.port, 65_535),
    open: values.open,
    settings: Object.fromEntries(given),
    durationS: values.duration === undefined ? undefined : readNumber("--duration", values.duration, 86_400),
    log: values.log,
  };
}

/** @throws RangeError when it is not a plain http address */
function readGoopAddress(text: string): URL {
  const expected = "expected the address of Goop², such as http://127.0.0.1:8080";
  const url = URL.parse(text);
  const isPlain =
    url?.protocol === "http:" &&
    [url.pathname, url.search, url.hash, url.username, url.password].join("") === "/";
  if (!url || !isPlain) throw new RangeError(`--goop is ${JSON.stringify(text)}, ${expected}`);
  return url;
}
