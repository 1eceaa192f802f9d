// Which page a frame goes to, also when it arrives before the answer that names its stream.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createStreamOwners } from "../../../plugin/host/page/stream-owners.ts";

const frame = (n: number): Buffer => Buffer.from(`frame ${n}`);

describe("the owners of frame streams", () => {
  test("a stream's frames go to the page that subscribed it, and to no other", () => {
    const owners = createStreamOwners<string>();
    owners.claim("page 1").settle("s1");
    owners.claim("page 2").settle("s2");
    assert.equal(owners.route("s1", frame(1)), "page 1");
    assert.equal(owners.route("s2", frame(1)), "page 2");
    assert.equal(owners.isOwner("s1", "page 2"), false);
  });

  test("frames that arrive before the answer are held and returned in order", () => {
    const owners = createStreamOwners<string>();
    const claim = owners.claim("page");
    assert.equal(owners.route("s1", frame(1)), undefined);
    assert.equal(owners.route("s1", frame(2)), undefined);
    assert.deepEqual(claim.settle("s1"), [frame(1), frame(2)]);
    assert.equal(owners.route("s1", frame(3)), "page");
  });

  test("at most one subscription's credit is held", () => {
    const owners = createStreamOwners<string>();
    const claim = owners.claim("page");
    for (let n = 0; n < 100; n += 1) owners.route("s1", frame(n));
    assert.equal(claim.settle("s1").length, 8);
  });

  test("frames without an owner are dropped when no claim is open", () => {
    const owners = createStreamOwners<string>();
    owners.route("s1", frame(1));
    assert.deepEqual(owners.claim("page").settle("s1"), []);
  });

  test("held frames are dropped when the subscription fails", () => {
    const owners = createStreamOwners<string>();
    const failing = owners.claim("page");
    owners.route("s1", frame(1));
    failing.fail();
    assert.deepEqual(owners.claim("page").settle("s1"), []);
  });

  test("a page that closes returns its streams and gets no more frames", () => {
    const owners = createStreamOwners<string>();
    owners.claim("page 1").settle("s1");
    owners.claim("page 1").settle("s2");
    owners.claim("page 2").settle("s3");
    assert.deepEqual(owners.release("page 1"), ["s1", "s2"]);
    assert.equal(owners.route("s1", frame(1)), undefined);
    assert.equal(owners.route("s3", frame(1)), "page 2");
  });
});
