// One reference host: the call page for one person, findable on the local network. Ends in order on Ctrl-C.

import { once } from "node:events";
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { errorText } from "../common/error-text.ts";
import { startHost } from "./host.ts";

const help = `The call page for one person on this machine.

  --label NAME     how others see you (default: your user name)
  --data DIR       absolute path of a folder that keeps your address the same (default: a new one each time)
  --settings FILE  where your settings are kept: a goop.json of the field, or a new file (default: nowhere)
  --port N         port of the page on 127.0.0.1 (default: a free one)
  --help`;

try {
  const { values } = parseArgs({
    options: {
      label: { type: "string", default: userInfo().username },
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

interface Wishes {
  readonly label: string;
  readonly data?: string | undefined;
  readonly settings?: string | undefined;
  readonly port: string;
}

async function run({ label, data, settings, port }: Wishes): Promise<void> {
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
