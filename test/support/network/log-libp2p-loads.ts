// Loaded before a program by `--import`: names on standard error every module of libp2p that the program loads.

import { registerHooks } from "node:module";

registerHooks({
  load(url, context, next) {
    if (/\/node_modules\/(@libp2p\/|libp2p\/)/.test(url)) process.stderr.write(`loaded ${url}\n`);
    return next(url, context);
  },
});
