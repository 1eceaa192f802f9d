// Replaces naudiodon's dependency of the same name, which is bound to one Node ABI and writes crash.log into the host's
// current directory.
exports.registerHandler = () => {
  // Nothing to register: the plugin notices a crash of the sound process.
};
