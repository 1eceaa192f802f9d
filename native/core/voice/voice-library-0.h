// libwebrtc-audio-processing 0.3: noise suppression and gain. Its own echo canceller stays off: see native/README.md.
#pragma once

#include "voice/voice-library.h"

namespace callnative {

std::unique_ptr<VoiceLibrary> openVoiceLibrary0();

}  // namespace callnative
