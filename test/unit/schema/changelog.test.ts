// CHANGELOG.md and the OpenRPC document name the same methods, notifications, errors and capabilities.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { changelogIssues } from "../../../rpc-schema/documents/changelog.ts";
import { buildDocuments } from "../../../rpc-schema/documents/openrpc.ts";

const changelog = readFileSync(new URL("../../../rpc-schema/CHANGELOG.md", import.meta.url), "utf8");
const issuesAfter = (found: string | RegExp, replacement: string) =>
  changelogIssues(changelog.replace(found, replacement), buildDocuments().openRpc);

describe("the changelog of the contract", () => {
  test("agrees with the OpenRPC document", () => {
    assert.deepEqual(changelogIssues(changelog, buildDocuments().openRpc), []);
  });

  const mistakes: [string, string | RegExp, string, string][] = [
    ["a method that is not listed", "`call.stats`, ", "", "Methods: call.stats is not listed as added"],
    [
      "a notification that does not exist",
      "`frame`",
      "`frame`, `sound`",
      "Notifications: sound does not exist",
    ],
    [
      "a removed name that is not listed as removed",
      "- Notifications: `log`\n",
      "",
      "Notifications: log does not exist",
    ],
    [
      "an error that is listed twice",
      "`noPicture`",
      "`noPicture`, `noPicture`",
      "Errors: noPicture is listed as added twice",
    ],
    [
      "a removed name that was never added",
      "- Notifications: `log`\n",
      "- Notifications: `log`, `x`\n",
      "Notifications: x was never added",
    ],
    [
      "a capability that is not listed",
      "`diagnostics`, ",
      "",
      "Capabilities: diagnostics is not listed as added",
    ],
    [
      "a param that does not exist",
      "params.protocolVersions`",
      "params.versions`",
      "there is no field initialize.params.versions",
    ],
    [
      "a result field that does not exist",
      "result.capabilities`",
      "result.skills`",
      "there is no field initialize.result.skills",
    ],
    [
      "a field of a schema that does not exist",
      "local.mediaLevel`",
      "local.level`",
      "there is no field CallInfo.local.level",
    ],
    [
      "a version that is not the document's",
      "\n## 2\n",
      "\n## 3\n",
      "the newest version is 3.0.0, that of the document 2.0.0",
    ],
  ];
  for (const [what, found, replacement, issue] of mistakes) {
    test(`names ${what}`, () => assert.deepEqual(issuesAfter(found, replacement), [issue]));
  }
});
