// libwebrtc-audio-processing's headers, with the switches that its pkg-config file names; as a system header, since their
// warnings are not ours.
#pragma once
#pragma GCC system_header

#define WEBRTC_POSIX
#define WEBRTC_AUDIO_PROCESSING_ONLY_BUILD

#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>
