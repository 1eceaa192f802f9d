// Stands in for naudiodon's dependency of the same name, which is bound to one Node ABI and
// writes crash.log into whatever directory the host happens to run in.
exports.registerHandler = () => {
  // Nothing to register: a crash of the sound process is seen by the process that watches it.
};
