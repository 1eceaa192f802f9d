// Writes the file `copyright`: the licence of this program, and of everything that a package holds beside it. Generated from
// the packages themselves, so that an update cannot leave it behind.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundled } from "./node-modules.ts";

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[-.].*)?$/i;
/** The text for packages that name this licence and bring no file. Every Debian system has it. */
const APACHE_2 = "/usr/share/common-licenses/Apache-2.0";
/** Packages that name a licence and bring no file, with the file of a package by the same author under the same licence. */
const LICENSED_WITH = new Map([["@nodable/entities", "node_modules/fast-xml-parser/LICENSE"]]);
const RULE = "=".repeat(78);

interface Part {
  readonly title: string;
  readonly text: string;
}

/** @throws Error that names a package whose licence cannot be stated */
export function writeCopyright(root: string, packages: readonly Bundled[], files: string): string {
  const read = (path: string) => readFileSync(join(root, path), "utf8").trim();
  const node = JSON.parse(read("node_modules/node/package.json")) as { version: string };
  const platform = `node_modules/node/node_modules/node-${process.platform}-${process.arch}`;
  const fixed: Part[] = [
    { title: "goop-call-plugin: MIT", text: read("LICENSE") },
    { title: `Node.js ${node.version}, with the libraries inside it`, text: read(`${platform}/LICENSE`) },
    {
      title: "libwebrtc, inside the npm package @roamhq/wrtc",
      text: readFileSync(join(files, "webrtc.txt"), "utf8").trim(),
    },
    { title: "PortAudio, inside the npm package naudiodon: MIT", text: portAudioLicence(root) },
  ];
  const parts = [...fixed, ...merge(packages.map((one) => describe(root, one)))];
  const intro =
    "This package holds the programs below. Shared libraries of the distribution are not among them.";
  return `${[intro, ...parts.map(({ title, text }) => `${RULE}\n${title}\n${RULE}\n\n${text}`)].join("\n\n")}\n`;
}

function describe(root: string, { name, version, licence, folder }: Bundled): Part {
  const title = `${name} ${version}: ${licence}`;
  const names = readdirSync(join(root, folder))
    .filter((file) => LICENCE_FILE.test(file))
    .sort();
  const texts = names.map((file) => readFileSync(join(root, folder, file), "utf8").trim());
  if (texts.length > 0) return { title, text: texts.join("\n\n") };
  const sibling = LICENSED_WITH.get(name);
  if (sibling !== undefined) return { title, text: readFileSync(join(root, sibling), "utf8").trim() };
  // A choice between licences is ours: Apache-2.0 needs no copyright line, which these packages do not give.
  if (/\bApache-2\.0\b/.test(licence)) return { title, text: readFileSync(APACHE_2, "utf8").trim() };
  if (name.startsWith("@roamhq/wrtc-"))
    return describe(root, { ...wrtcOf(name), version, licence, files: [] });
  throw new Error(
    `${folder} has no licence file, and its licence is "${licence}": state it in .ci/package/copyright.ts`,
  );
}

/** The compiled engine has its licence in the package that loads it. */
function wrtcOf(name: string): { name: string; folder: string } {
  return { name, folder: "node_modules/@roamhq/wrtc" };
}

/** Packages of one text share it. */
function merge(parts: readonly Part[]): Part[] {
  const titles = new Map<string, string[]>();
  for (const { title, text } of parts) titles.set(text, [...(titles.get(text) ?? []), title]);
  return [...titles].map(([text, all]) => ({ title: all.join("\n"), text }));
}

/** The first comment of its header that grants something. */
function portAudioLicence(root: string): string {
  const header = readFileSync(join(root, "node_modules/naudiodon/portaudio/include/portaudio.h"), "utf8");
  const comment = /\/\*([\s\S]*?Permission is hereby granted[\s\S]*?)\*\//.exec(header)?.[1];
  if (comment === undefined) throw new Error("portaudio.h has no licence in its first comment");
  return comment.replaceAll(/^ \* ?/gm, "").trim();
}
