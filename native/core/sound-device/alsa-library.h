// libasound, loaded at run time: only the processes of sound devices need it. Only the headers are needed to build.
#pragma once

#include <alsa/asoundlib.h>

#include <string>

namespace callnative {

/** The functions of libasound.so.2 that alsa-formats uses, under their names without `snd_`. */
struct AlsaLibrary {
#define CALLNATIVE_ALSA_FUNCTIONS(F)                                                                    \
  F(pcm_open) F(pcm_close) F(pcm_hw_params_malloc) F(pcm_hw_params_free) F(pcm_hw_params_any)           \
  F(pcm_hw_params_set_rate_resample) F(pcm_hw_params_set_rate_near) F(pcm_hw_params_get_channels_min)   \
  F(pcm_hw_params_get_channels_max) F(strerror)
#define CALLNATIVE_ALSA_MEMBER(name) decltype(&snd_##name) name = nullptr;
  CALLNATIVE_ALSA_FUNCTIONS(CALLNATIVE_ALSA_MEMBER)
#undef CALLNATIVE_ALSA_MEMBER
};

/** Loads libasound at the first call and keeps it. Any thread. Returns null and sets `problem` when it cannot be used. */
const AlsaLibrary* loadAlsaLibrary(std::string& problem);

}  // namespace callnative
