// Text that somebody else chooses is read in linear time, by readers that the growth test measures. Derived from the sources,
// so that no comment or setting can disable a rule.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { growthFaults } from "./checks/regex-growth.ts";
import { readSources, type Source } from "./checks/sources.ts";
import { OUTSIDE_READERS } from "./support/outside/readers.ts";

/** Scripts that build packages read our own files. */
const product = readSources().filter(({ path }) => !/^(test|\.ci)\//.test(path));

/** They read only what our own code, the system or the command line wrote, or one short and checked text. */
const OWN_TEXT: readonly RegExp[] = [
  // The documents of the contract, and the charts' own names.
  /^rpc-schema\/(documents\/|settings\/(manifest|host-settings)\.ts$)/,
  /^statecharts\/(describe\/(describe|mermaid)|refusals|viewer\/(rpc|model\/(layout-input|messages)|panes\/(actor-list|keyboard)))\.ts$/,
  // The system: devices, the kernel's and the sound server's lists, limits of this process, paths of our files.
  /^plugin\/(app\/device-access|camera\/.*|sound\/.*|peer\/(codecs|descriptor-room|own-candidates\/address-use)|priority\/roles|tools\/.*)\.ts$/,
  /^plugin\/(alerts\/missed-calls-file|command-line|program|diagnostics\/(bundle|read-chart-log|runtime-file))\.ts$/,
  // The host's own settings, files and programs, and Node's parsers in front of short patterns.
  /^plugin\/host\/(conformance|example|process|settings|transport)\/.*\.ts$/,
  /^plugin\/host\/(goop-api\/(call-api|request-body)|goop-bridge\/goop-client|page\/(host-state|page-relay|page-server))\.ts$/,
  /^plugin\/diagnostics\/inspection-(clients|server)\.ts$/,
  // Processes and sockets of the system; and headers, whose size Node limits, and our own scripts.
  /^plugin\/host\/(goop-bridge\/find-goop|goop-pages\/(headers|script-files|security-policy))\.ts$/,
  // JSON.parse of one line, whose result a registered reader checks.
  /^plugin\/rpc\/(dispatcher|host-inbox)\.ts$/,
  // One datagram, or one address.
  /^plugin\/signalling\/(discovery\/mdns|host-relayed-signalling)\.ts$/,
  // The address of the session bus, and a token of the desktop whose length is limited.
  /^plugin\/(dbus\/descriptor-relay|screen\/portal\/screen-cast)\.ts$/,
  // URLs of the settings.
  /^plugin\/peer\/path\/tls-tunnels\.ts$/,
  // What the user typed, names of keys, or names that the plugin has shortened.
  /^plugin\/ui\/(actions|keys|components\/(add-contact|device-picker|settings-fields)|link\/page-link)\.ts$/,
];

const regexesOf = ({ text, literals }: Source) =>
  literals.map(([start, end]) => text.slice(start, end)).filter((literal) => literal.startsWith("/"));

describe("regular expressions", () => {
  test("of the product take linear time", () => {
    const all = product.flatMap((source) => regexesOf(source).map((regex) => ({ path: source.path, regex })));
    assert.ok(all.length > 100);
    const wrong = all.flatMap(({ path, regex }) =>
      growthFaults(regex).map((fault) => `${path}: ${regex}: ${fault}`),
    );
    assert.deepEqual(wrong, []);
  });

  test("are literals, so that the check sees them", () => {
    const makers = product.filter(({ uses }) => uses.has("RegExp()")).map(({ path }) => path);
    // A list of our own words; and the patterns of the contract, which are checked where they are literals.
    assert.deepEqual(makers, ["plugin/common/system-failure.ts", "plugin/host/example/document.ts"]);
  });

  const faulty = [
    ...["/(a+)+b/", "/(?:a|b+)*c/", "/^a=extmap:\\d+\\S* \\S*x/m", "/^.*a.*b$/", "/^\\s*\\S+:x/m"],
    ...["/\\s+$/", "/[a-z]+\\.local/g", "/^\\s+x/m", "/\\b[\\w.]+@/", "/(?<=x[a-z]*)y+z/", "/a{2,}b/"],
  ];
  const harmless = [
    ...["/^a+b+c$/", "/a+/", "/(?<![a-z])[a-z]+\\.local/g", "/x[^x]*x/", "/\\b\\w+@/", "/a{1,40}a{1,40}b/"],
    ...["/^.*\\/p2p\\/[^/]+$/", "/a+b/y", "/^[ \\t]*(\\S+): x/m", "/(?:ab?){1,4}c/", "/(?<=x )[a-z]+/"],
  ];
  for (const regex of faulty) test(`${regex} is refused`, () => assert.notDeepEqual(growthFaults(regex), []));
  for (const regex of harmless) test(`${regex} is accepted`, () => assert.deepEqual(growthFaults(regex), []));
});

describe("readers of text", () => {
  const registered = new Set(OUTSIDE_READERS.flatMap(({ sources }) => sources));
  const isOwn = (path: string) => OWN_TEXT.some((pattern) => pattern.test(path));
  const readers = product
    .filter((source) => regexesOf(source).length > 0 || source.uses.has("JSON.parse()"))
    .map(({ path }) => path);

  test("with a regular expression or JSON.parse are measured, or read our own text", () => {
    assert.deepEqual(
      readers.filter((path) => !registered.has(path) && !isOwn(path)),
      [],
    );
  });

  test("are listed only as long as they exist", () => {
    assert.deepEqual(
      [...registered].filter((path) => !readers.includes(path)),
      [],
    );
    const unused = OWN_TEXT.filter((pattern) => !readers.some((path) => pattern.test(path)));
    assert.deepEqual(unused, []);
  });
});
