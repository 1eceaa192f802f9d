// The example host, a command that uses only the OpenRPC document, passes the conformance suite.

import { fileURLToPath } from "node:url";
import { commandHost } from "../support/plugin/command-host.ts";
import { hostConformance } from "./host-conformance.contract.ts";

const program = fileURLToPath(new URL("../support/plugin/example-host-command.ts", import.meta.url));

hostConformance("example host", commandHost(process.execPath, [program]));
