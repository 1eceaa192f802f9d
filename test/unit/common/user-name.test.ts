// The user's name, also of a user without one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { userName } from "../../../plugin/common/user-name.ts";

test("a user has a name, and one without an entry in /etc/passwd has a number", () => {
  assert.equal(
    userName(() => ({ username: "ada" })),
    "ada",
  );
  const noEntry = () => {
    throw new Error("uv_os_get_passwd returned ENOENT");
  };
  assert.match(userName(noEntry), /^\d+$/);
});
