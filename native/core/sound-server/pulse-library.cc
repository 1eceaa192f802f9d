// See pulse-library.h. The library is never unloaded, since it registers handlers for the end of threads.
#include "sound-server/pulse-library.h"

#include <dlfcn.h>

namespace callnative {

namespace {

constexpr const char* kFile = "libpulse.so.0";

struct Loaded {
  PulseLibrary functions;
  std::string problem;
};

std::string lastProblem() {
  const char* text = dlerror();
  return text == nullptr ? std::string(kFile) + " cannot be loaded" : text;
}

Loaded load() {
  Loaded loaded;
  void* library = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    loaded.problem = lastProblem();
    return loaded;
  }
#define CALLNATIVE_PULSE_LOAD(name)                                                       \
  loaded.functions.name = reinterpret_cast<decltype(&pa_##name)>(dlsym(library, "pa_" #name)); \
  if (loaded.functions.name == nullptr) loaded.problem = lastProblem();
  CALLNATIVE_PULSE_FUNCTIONS(CALLNATIVE_PULSE_LOAD)
#undef CALLNATIVE_PULSE_LOAD
  return loaded;
}

}  // namespace

const PulseLibrary* loadPulseLibrary(std::string& problem) {
  static const Loaded loaded = load();
  problem = loaded.problem;
  return loaded.problem.empty() ? &loaded.functions : nullptr;
}

}  // namespace callnative
