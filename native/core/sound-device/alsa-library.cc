#include "sound-device/alsa-library.h"

#include "system/loaded-library.h"

namespace callnative {

namespace {

struct Loaded {
  AlsaLibrary functions;
  std::string problem;
};

Loaded load() {
  Loaded loaded;
  LoadedLibrary library("libasound.so.2");
#define CALLNATIVE_ALSA_LOAD(name) loaded.functions.name = library.find<decltype(&snd_##name)>("snd_" #name);
  CALLNATIVE_ALSA_FUNCTIONS(CALLNATIVE_ALSA_LOAD)
#undef CALLNATIVE_ALSA_LOAD
  loaded.problem = library.problem();
  return loaded;
}

}  // namespace

const AlsaLibrary* loadAlsaLibrary(std::string& problem) {
  static const Loaded loaded = load();
  problem = loaded.problem;
  return loaded.problem.empty() ? &loaded.functions : nullptr;
}

}  // namespace callnative
