#include "system/library-versions.h"

#include <cstdio>

// jpeglib.h needs size_t and FILE.
#include <jpeglib.h>
#include <libyuv/version.h>

#include "sound-device/resampler.h"
#include "voice/voice-library.h"

namespace callnative {

namespace {

#define TEXT_OF(token) #token
#define TEXT_OF_VALUE(macro) TEXT_OF(macro)

}  // namespace

std::vector<std::pair<std::string, std::string>> libraryVersions() {
  return {{"webrtc-audio-processing", voiceLibraryVersion()},
          {"libjpeg-turbo", TEXT_OF_VALUE(LIBJPEG_TURBO_VERSION)},
          {"libyuv", std::to_string(LIBYUV_VERSION)},
          {"speexdsp", resamplerVersion()}};
}

}  // namespace callnative
