// Takes the kept pictures of the page's states again: `npm run states -- [engine …] [name …]`, without names all of them. Look at the
// differences before you commit them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepPicture, keptPath } from "./kept-pictures.ts";
import { engines, Sheet } from "./sheet.ts";
import { galleryStates } from "./states.ts";

const given = process.argv.slice(2);
const names = given.filter((name) => !(name in engines));
const isWanted = (engine: string) => names.length === given.length || given.includes(engine);
const folder = await mkdtemp(join(tmpdir(), "goop-states-"));
try {
  for (const [engine, start] of Object.entries(engines)) if (isWanted(engine)) await renew(engine, start);
} finally {
  await rm(folder, { recursive: true });
}

async function renew(engine: string, start: (typeof engines)["chromium"]): Promise<void> {
  const browser = await start();
  try {
    const sheet = await Sheet.open(browser);
    try {
      for (const [group, states] of Object.entries(galleryStates)) {
        for (const state of states) {
          if (names.length > 0 && !names.includes(state.name)) continue;
          await sheet.show(state);
          const path = keptPath(engine, group, state.name);
          await keepPicture(path, await sheet.picture(join(folder, "state.png")));
          await sheet.leave(state);
          console.log(path);
        }
      }
    } finally {
      await sheet.close();
    }
  } finally {
    await browser.close();
  }
}
