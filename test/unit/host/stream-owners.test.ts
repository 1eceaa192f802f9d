// Which page a picture goes to, also when it is read before the answer that names its stream.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createStreamOwners } from "../../../plugin/host/page/stream-owners.ts";

const picture = (n: number): Buffer => Buffer.from(`picture ${n}`);

describe("the owners of picture streams", () => {
  test("a stream's pictures go to the page that subscribed it, and to no other", () => {
    const owners = createStreamOwners<string>();
    owners.claim("page 1").settle("s1");
    owners.claim("page 2").settle("s2");
    assert.equal(owners.route("s1", picture(1)), "page 1");
    assert.equal(owners.route("s2", picture(1)), "page 2");
    assert.equal(owners.isOwner("s1", "page 2"), false);
  });

  test("pictures that come before the answer are held and given out in order", () => {
    const owners = createStreamOwners<string>();
    const claim = owners.claim("page");
    assert.equal(owners.route("s1", picture(1)), undefined);
    assert.equal(owners.route("s1", picture(2)), undefined);
    assert.deepEqual(claim.settle("s1"), [picture(1), picture(2)]);
    assert.equal(owners.route("s1", picture(3)), "page");
  });

  test("no more is held than one subscription's credit", () => {
    const owners = createStreamOwners<string>();
    const claim = owners.claim("page");
    for (let n = 0; n < 100; n += 1) owners.route("s1", picture(n));
    assert.equal(claim.settle("s1").length, 8);
  });

  test("pictures of nobody are not held when nobody is asking", () => {
    const owners = createStreamOwners<string>();
    owners.route("s1", picture(1));
    assert.deepEqual(owners.claim("page").settle("s1"), []);
  });

  test("what is held is dropped when the subscription fails", () => {
    const owners = createStreamOwners<string>();
    const failing = owners.claim("page");
    owners.route("s1", picture(1));
    failing.fail();
    assert.deepEqual(owners.claim("page").settle("s1"), []);
  });

  test("a page that goes gives back its streams and gets nothing more", () => {
    const owners = createStreamOwners<string>();
    owners.claim("page 1").settle("s1");
    owners.claim("page 1").settle("s2");
    owners.claim("page 2").settle("s3");
    assert.deepEqual(owners.release("page 1"), ["s1", "s2"]);
    assert.equal(owners.route("s1", picture(1)), undefined);
    assert.equal(owners.route("s3", picture(1)), "page 2");
  });
});
