// Names that were replaced by the field's terms. Only the code that reads old messages and logs may still use them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readSources } from "./checks/sources.ts";

const replaced: readonly RegExp[] = [
  /\b(rung|rungWhy)\b/,
  /\bdesk\.(open|close|end|free)\b|\bDesk[A-Z]\w*|\w+Desk\b|\bdesk(Machine|Setup|Words)\b/,
  /\b(is|add)StandingBy\b|\b(add|end|is)Crossed\w*|\bcrossed(Call|Media)\b|\bForetold\w*/,
  /\w*Keeper\b|\bHostCarrier\b|\bCarried\w+|\b(call|link|media|adapt)Words\b|\bDeviceTurn\b|\bcreateDeviceTurn\b/,
  /\b(Coded|Encoded)?Picture(Reader|Source|Server|Sender|Share|Scaler|Head)\b|\bsoundBehind\w*|\bAllowance\b/,
  /\b(Chart|Server|Device|Stall|Address)Watch\b|\bWatched(Child|Peer|Signalling)\b|\bSettingsNews\b|\bEyes\b/,
];
const readers =
  /^rpc-schema\/former-names\.ts$|\/former-logs(\.test)?\.ts$|^test\/(former-names|unit\/(rpc\/initialize|test-tools\/prose)|contract\/corpus\/unknown-fields)\.test\.ts$/;

const sources = readSources().filter(({ path }) => !readers.test(path));

for (const names of replaced) {
  test(`no source uses ${names.source}`, () => {
    const found = sources.flatMap(({ path, text }) =>
      names.test(text) ? [`${path}: ${names.exec(text)?.[0]}`] : [],
    );
    assert.deepEqual(found, []);
  });
}
