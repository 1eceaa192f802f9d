#include "sound-device/alsa-library.h"

#include <dlfcn.h>

namespace callnative {

namespace {

constexpr const char* kFile = "libasound.so.2";

struct Loaded {
  AlsaLibrary functions;
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
#define CALLNATIVE_ALSA_LOAD(name)                                                                 \
  loaded.functions.name = reinterpret_cast<decltype(&snd_##name)>(dlsym(library, "snd_" #name)); \
  if (loaded.functions.name == nullptr) loaded.problem = lastProblem();
  CALLNATIVE_ALSA_FUNCTIONS(CALLNATIVE_ALSA_LOAD)
#undef CALLNATIVE_ALSA_LOAD
  return loaded;
}

}  // namespace

const AlsaLibrary* loadAlsaLibrary(std::string& problem) {
  static const Loaded loaded = load();
  problem = loaded.problem;
  return loaded.problem.empty() ? &loaded.functions : nullptr;
}

}  // namespace callnative
