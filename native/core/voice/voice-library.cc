// What the implementations share. The includes name their files to test/support/process/cpp-build.ts.
#include "voice/voice-library.h"

#include <stdexcept>

#include "voice/voice-library-0.h"
#include "voice/voice-library-1.h"

namespace callnative {

namespace {

#define TEXT_OF(token) #token
#define TEXT_OF_VALUE(macro) TEXT_OF(macro)
constexpr const char* kVersion = TEXT_OF_VALUE(VOICE_LIBRARY_VERSION);

}  // namespace

std::unique_ptr<VoiceLibrary> openVoiceLibrary() {
#if VOICE_LIBRARY_API == 0
  return openVoiceLibrary0();
#else
  return openVoiceLibrary1();
#endif
}

std::string voiceLibraryVersion() { return kVersion; }

void checkVoiceStatus(int status, const char* what) {
  if (status == 0) return;
  throw std::runtime_error(std::string(what) + ": libwebrtc-audio-processing returned " + std::to_string(status));
}

}  // namespace callnative
