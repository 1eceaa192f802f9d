#include "sound-device/resampler.h"

#include <speex/speex_resampler.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace callnative {

namespace {

/** Of 0 to 10. The library's choice for desktops: 80 taps, aliases below -80 dB, flat up to 0.47 of the lower rate. */
constexpr int kQuality = SPEEX_RESAMPLER_QUALITY_DESKTOP;

void check(int error) {
  if (error != RESAMPLER_ERR_SUCCESS) {
    throw std::runtime_error(std::string("resampler: ") + speex_resampler_strerror(error));
  }
}

}  // namespace

void Resampler::Destroy::operator()(SpeexResamplerState_* state) const { speex_resampler_destroy(state); }

Resampler::Resampler(std::uint32_t fromRate, std::uint32_t toRate) {
  int error = RESAMPLER_ERR_SUCCESS;
  state_.reset(speex_resampler_init(1, fromRate, toRate, kQuality, &error));
  check(error);
  delayMs_ = 1000.0 * speex_resampler_get_input_latency(state_.get()) / fromRate;
}

std::size_t Resampler::process(const std::int16_t* input, std::size_t count, std::int16_t* output,
                               std::size_t capacity) {
  auto taken = static_cast<spx_uint32_t>(count);
  auto written = static_cast<spx_uint32_t>(capacity);
  check(speex_resampler_process_int(state_.get(), 0, input, &taken, output, &written));
  if (taken == count) return written;
  throw std::runtime_error("resampler: " + std::to_string(count) + " samples make more than the " +
                           std::to_string(capacity) + " that fit");
}

#define TEXT_OF(token) #token
#define TEXT_OF_VALUE(macro) TEXT_OF(macro)

const char* resamplerVersion() { return TEXT_OF_VALUE(RESAMPLER_VERSION); }

}  // namespace callnative
