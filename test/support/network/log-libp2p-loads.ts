// For `--import`: prints every libp2p module that the program loads to standard error.

import { registerHooks } from "node:module";

registerHooks({
  load(url, context, next) {
    if (/\/node_modules\/(@libp2p\/|libp2p\/)/.test(url)) process.stderr.write(`loaded ${url}\n`);
    return next(url, context);
  },
});
