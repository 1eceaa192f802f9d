// libwebrtc-audio-processing 1.x and 2.x: noise suppression and gain, and AEC3 for the residual echo.
#pragma once

#include "voice/voice-library.h"

namespace callnative {

std::unique_ptr<VoiceLibrary> openVoiceLibrary1();

}  // namespace callnative
