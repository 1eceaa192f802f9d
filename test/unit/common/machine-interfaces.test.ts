// The network interfaces of a machine that may refuse to tell them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { machineInterfaces } from "../../../plugin/common/machine-interfaces.ts";

const WIFI = {
  wifi: [
    {
      ...{ address: "192.0.2.10", netmask: "255.255.255.0", cidr: "192.0.2.10/24" },
      ...{ family: "IPv4" as const, mac: "02:00:00:00:00:01", internal: false },
    },
  ],
};

test("a refusal of the system leaves the interfaces of the last time", () => {
  const refuse = () => {
    throw new Error("uv_interface_addresses returned Unknown system error 24");
  };
  assert.equal(
    machineInterfaces(() => WIFI),
    WIFI,
  );
  assert.equal(machineInterfaces(refuse), WIFI);
});
