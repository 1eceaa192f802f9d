// libwebrtc-audio-processing's header, whose place differs by version. Included as a system header, which silences its
// warnings. pkg-config gives the defines that it expects.
#pragma once
#pragma GCC system_header

#if VOICE_LIBRARY_API == 0
#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>
#elif VOICE_LIBRARY_API == 1
#include <modules/audio_processing/include/audio_processing.h>
#else
#include <api/audio/audio_processing.h>
#endif
