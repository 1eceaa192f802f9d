// The command line of the demo.

import { parseArgs } from "node:util";

export interface DemoOptions {
  /** 0 takes a free port. */
  readonly portA: number;
  readonly portB: number;
  /** Open the pages in the default browser. */
  readonly open: boolean;
  readonly devices: DeviceOptions;
  /** Ends after so many seconds. Undefined: on Ctrl-C. */
  readonly durationS: number | undefined;
  /** Print the plugins' stderr. */
  readonly log: boolean;
  readonly help: boolean;
}

/** Undefined devices are chosen from those that the machine has. */
export interface DeviceOptions {
  readonly camera: string | undefined;
  readonly microphone: string | undefined;
  readonly speaker: string | undefined;
}

export const demoHelp = `Two users on this machine who can call each other, each with a page in the browser.

  --port-a N, --port-b N   ports of the two pages on 127.0.0.1 (default: free ones)
  --open, --no-open        open the pages in the default browser (default: when there is a display)
  --camera X               auto, test-pattern, none, or a camera's id
  --microphone X           auto, tone, none, or a microphone's id
  --speaker X              auto, none, or a speaker's id
  --duration S             end after S seconds (default: on Ctrl-C)
  --log                    print the logs of both plugins
  --help`;

/** @throws TypeError on an unknown option; RangeError naming the option and its value */
export function readDemoOptions(args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      "port-a": { type: "string", default: "0" },
      "port-b": { type: "string", default: "0" },
      open: { type: "boolean" },
      camera: { type: "string" },
      microphone: { type: "string" },
      speaker: { type: "string" },
      duration: { type: "string" },
      log: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const hasDisplay = Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
  return {
    portA: readNumber("--port-a", values["port-a"], 65_535),
    portB: readNumber("--port-b", values["port-b"], 65_535),
    open: values.open ?? hasDisplay,
    devices: { camera: values.camera, microphone: values.microphone, speaker: values.speaker },
    durationS: values.duration === undefined ? undefined : readNumber("--duration", values.duration, 86_400),
    log: values.log,
    help: values.help,
  };
}

/** @throws RangeError naming the option and its value */
export function readNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0 || value > max) {
    throw new RangeError(`${option} is ${JSON.stringify(text)}, expected a number from 0 to ${max}`);
  }
  return value;
}
