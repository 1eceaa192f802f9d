// The independent host, a command that knows only the OpenRPC document, keeps what every carrying host must.

import { fileURLToPath } from "node:url";
import { commandHost } from "../support/plugin/command-host.ts";
import { hostConformance } from "./host-conformance.contract.ts";

const program = fileURLToPath(new URL("../../plugin/host/example/program.ts", import.meta.url));

hostConformance("independent host", commandHost(process.execPath, [program]));
