// The four classic kinds of NAT (RFC 3489 section 5): which outer port a packet gets, and who may answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { NAT_KINDS, type NatKind, NatTable } from "../../../support/network/simulated/nat-table.ts";

const INSIDE = "10.0.0.2:4000";
const SERVER = "192.0.2.1:3478";
const OTHER_PORT = "192.0.2.1:9999";
const STRANGER = "198.51.100.9:3478";

const mayAnswer: Readonly<Record<NatKind, readonly boolean[]>> = {
  "full cone": [true, true, true],
  "restricted cone": [true, true, false],
  "port-restricted cone": [true, false, false],
  symmetric: [true, false, false],
};

for (const kind of Object.keys(NAT_KINDS) as NatKind[]) {
  test(`a ${kind} lets in whom its kind lets in`, () => {
    const table = new NatTable(kind);
    const mapping = table.leave(INSIDE, SERVER);
    const answers = [SERVER, OTHER_PORT, STRANGER].map((from) => table.mayEnter(mapping, from));
    assert.deepEqual(answers, mayAnswer[kind]);
  });

  test(`a ${kind} ${kind === "symmetric" ? "has an outer port for each destination" : "has one outer port"}`, () => {
    const table = new NatTable(kind);
    const [first, second] = [table.leave(INSIDE, SERVER), table.leave(INSIDE, STRANGER)];
    assert.equal(first === second, kind !== "symmetric");
    assert.equal(table.leave(INSIDE, SERVER), first);
    table.forget();
    assert.notEqual(table.leave(INSIDE, SERVER), first);
  });
}
