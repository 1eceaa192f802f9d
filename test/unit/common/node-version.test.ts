// The check that comes before every other module of the program.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { MINIMUM_NODE, whyNodeIsTooOld } from "../../../plugin/common/node-version.ts";
import { root } from "../../checks/sources.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("a Node that is too old", () => {
  test("is refused with its version and the needed one", () => {
    for (const version of ["18.20.4", "20.20.2", "22.17.1"]) {
      assert.equal(whyNodeIsTooOld(version), `needs Node ${MINIMUM_NODE} or newer; this is v${version}`);
    }
  });

  test("is any before the one of package.json", () => {
    assert.equal(JSON.parse(read("package.json")).engines.node, `>=${MINIMUM_NODE}`);
    for (const version of [`${MINIMUM_NODE}.0`, "22.21.1", "24.0.0", process.versions.node]) {
      assert.equal(whyNodeIsTooOld(version), null);
    }
  });

  test("loads nothing but the check", () => {
    const imported = [...read("plugin/main.ts").matchAll(/^import .* from "(.*)";$/gm)].map(
      ([, path]) => path,
    );
    assert.deepEqual(imported, ["./common/node-version.ts"]);
    assert.doesNotMatch(read("plugin/common/node-version.ts"), /^import /m);
  });
});
