#include "sound-device/alsa-formats.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "sound-device/alsa-library.h"

namespace callnative {

namespace {

constexpr std::array<unsigned int, 13> kRates = {48000, 44100, 96000, 88200, 192000, 176400, 32000,
                                                 24000, 22050, 16000, 12000, 11025,  8000};
/** As PortAudio, which opens the device in the end. */
constexpr int kToleranceShare = 100;

[[noreturn]] void fail(const AlsaLibrary& alsa, const std::string& what, int error) {
  throw std::runtime_error(what + ": " + alsa.strerror(error));
}

bool isNear(unsigned int rate, unsigned int wanted) {
  const long off = std::labs(static_cast<long>(rate) - static_cast<long>(wanted));
  return off * kToleranceShare <= static_cast<long>(wanted);
}

}  // namespace

std::vector<AlsaFormat> alsaFormats(const std::string& name, AlsaDirection direction) {
  std::string problem;
  const AlsaLibrary* const alsa = loadAlsaLibrary(problem);
  if (alsa == nullptr) throw std::runtime_error(problem);

  const auto stream = direction == AlsaDirection::kCapture ? SND_PCM_STREAM_CAPTURE : SND_PCM_STREAM_PLAYBACK;
  snd_pcm_t* opened = nullptr;
  // Without blocking: a device that another program uses would keep us waiting.
  if (const int error = alsa->pcm_open(&opened, name.c_str(), stream, SND_PCM_NONBLOCK); error < 0) {
    fail(*alsa, name, error);
  }
  const std::unique_ptr<snd_pcm_t, int (*)(snd_pcm_t*)> pcm(opened, alsa->pcm_close);
  snd_pcm_hw_params_t* allocated = nullptr;
  if (const int error = alsa->pcm_hw_params_malloc(&allocated); error < 0) fail(*alsa, name, error);
  const std::unique_ptr<snd_pcm_hw_params_t, void (*)(snd_pcm_hw_params_t*)> params(allocated, alsa->pcm_hw_params_free);

  std::vector<AlsaFormat> formats;
  for (const unsigned int wanted : kRates) {
    if (const int error = alsa->pcm_hw_params_any(pcm.get(), params.get()); error < 0) fail(*alsa, name, error);
    // Its failure means that the PCM converts nothing.
    alsa->pcm_hw_params_set_rate_resample(pcm.get(), params.get(), 0);
    AlsaFormat format{wanted, 0, 0};
    if (alsa->pcm_hw_params_set_rate_near(pcm.get(), params.get(), &format.sampleRate, nullptr) < 0) continue;
    const bool isKnown = std::any_of(formats.begin(), formats.end(), [&format](const AlsaFormat& other) {
      return other.sampleRate == format.sampleRate;
    });
    if (isKnown || !isNear(format.sampleRate, wanted)) continue;
    if (alsa->pcm_hw_params_get_channels_min(params.get(), &format.minChannels) < 0) continue;
    if (alsa->pcm_hw_params_get_channels_max(params.get(), &format.maxChannels) < 0) continue;
    formats.push_back(format);
  }
  return formats;
}

}  // namespace callnative
