// libwebrtc-audio-processing's headers, with the defines of its pkg-config file. Included as a system header, which
// silences their warnings.
#pragma once
#pragma GCC system_header

#define WEBRTC_POSIX
#define WEBRTC_AUDIO_PROCESSING_ONLY_BUILD

#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>
