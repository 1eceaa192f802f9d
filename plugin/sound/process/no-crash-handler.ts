// Keeps naudiodon from loading its dependency `segfault-handler`. That addon is bound to one Node ABI, and writes crash.log into
// the host's current directory. Must be imported before naudiodon, by the sound process only.
//
// An npm override reaches only our own clone, not a program that depends on this package. So this hook answers the import.

import { registerHooks } from "node:module";

const NAME = "segfault-handler";
const URL = `data:text/javascript,${NAME}`;
/** The plugin notices a crash of the sound process by itself. */
const SOURCE = "exports.registerHandler = () => undefined;";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === NAME ? { url: URL, format: "commonjs", shortCircuit: true } : next(specifier, context),
  load: (url, context, next) =>
    url === URL ? { format: "commonjs", source: SOURCE, shortCircuit: true } : next(url, context),
});
