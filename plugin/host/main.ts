// Runs one reference host: the call page of one user, discoverable on the local network. Stops on Ctrl-C.

import { once } from "node:events";
import { parseArgs } from "node:util";
import { errorText } from "../common/error-text.ts";
import { userName } from "../common/user-name.ts";
import { startHost } from "./host.ts";

const help = `The call page of one user on this machine.

  --label NAME     the name that others see (default: your user name)
  --data DIR       absolute path of a folder that keeps your peer id (default: a new peer id each time)
  --settings FILE  keeps your settings: Goop²'s goop.json, or a new file (default: not kept)
  --port N         port of the page on 127.0.0.1 (default: a free one)
  --help`;

try {
  const { values } = parseArgs({
    options: {
      label: { type: "string", default: userName() },
      data: { type: "string" },
      settings: { type: "string" },
      port: { type: "string", default: "0" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) console.log(help);
  else await run(values);
  process.exitCode = 0;
} catch (error) {
  console.error(`host: ${errorText(error)}`);
  process.exitCode = 1;
}

interface RunOptions {
  readonly label: string;
  readonly data?: string | undefined;
  readonly settings?: string | undefined;
  readonly port: string;
}

async function run({ label, data, settings, port }: RunOptions): Promise<void> {
  const ended = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), once(process, "SIGHUP")]);
  const host = await startHost({
    label,
    port: Number(port),
    onLog: (line) => console.error(line),
    ...(data === undefined ? {} : { dataDir: data }),
    ...(settings === undefined ? {} : { settingsFile: settings }),
  });
  try {
    console.log(host.url);
    await ended;
  } finally {
    await host.stop();
  }
}
