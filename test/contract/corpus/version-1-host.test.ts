// A host of version 1 drops a message with one unknown field. So it must get the fields of version 1 and no others.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sentFields } from "./sent-fields.ts";

/** Written by `sentFields` from the OpenRPC document of version 1. */
const known = new Set(readFileSync(new URL("version-1-fields.txt", import.meta.url), "utf8").split("\n"));
const document = JSON.parse(
  readFileSync(new URL("../../../rpc-schema/openrpc.json", import.meta.url), "utf8"),
);
/**
 * `withFormerNamesOnly`, `formerNotification`, the handler of `initialize` and `hostHas` leave these out for version 1; test/unit tests
 * them. The answers of `preview.*` go to hosts that know these methods.
 */
const leftOut =
  /\.(mediaLevel(Reason)?|placeholders|concealedSound)$|\.frames\.capture(Faulty|Damaged|Repaired)$|\.(microphones|speakers|cameras)\.\*\.(kind|port(\.\w+)?|isMuted|volume|problem|opened(\.\w+)?)$|(^|\.)settings\.(relayOnly|ringer|ringtone|notifications)$|\.(protection|wanted|screen)(\.\w+)?$|\.mutedMicrophone$|^preview\.|^initialize\.capabilities(\.\*)?$|^contacts\.changed\.removed(\.\*)?$/;
/** Methods that a host of version 1 does not know, so that it never asks, and a notification that it does not get. */
const neverAsked =
  /^(debug\.refusals|screen\.sources|call\.shareScreen|calls\.(missed|seen|missedChanged))(\.|$)/;

test("a field that version 1 does not know is left out for its hosts", () => {
  const fields = sentFields(document);
  assert.ok(fields.length > 500);
  assert.deepEqual(
    fields.filter((field) => !known.has(field) && !leftOut.test(field) && !neverAsked.test(field)),
    [],
    "hosts of version 1 would drop these messages: leave the field out in plugin/rpc/serve.ts for version 1",
  );
});
