// See pulse-library.h.
#include "sound-server/pulse-library.h"

#include "system/loaded-library.h"

namespace callnative {

namespace {

struct Loaded {
  PulseLibrary functions;
  std::string problem;
};

Loaded load() {
  Loaded loaded;
  LoadedLibrary library("libpulse.so.0");
#define CALLNATIVE_PULSE_LOAD(name) loaded.functions.name = library.find<decltype(&pa_##name)>("pa_" #name);
  CALLNATIVE_PULSE_FUNCTIONS(CALLNATIVE_PULSE_LOAD)
#undef CALLNATIVE_PULSE_LOAD
  loaded.problem = library.problem();
  return loaded;
}

}  // namespace

const PulseLibrary* loadPulseLibrary(std::string& problem) {
  static const Loaded loaded = load();
  problem = loaded.problem;
  return loaded.problem.empty() ? &loaded.functions : nullptr;
}

}  // namespace callnative
