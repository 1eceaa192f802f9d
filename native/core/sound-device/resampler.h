// Converts sound between sample rates, by libspeexdsp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

struct SpeexResamplerState_;

namespace callnative {

/** One channel of 16 bit. Not thread-safe. */
class Resampler {
 public:
  /** Rates in Hz. @throws std::runtime_error with the library's reason */
  Resampler(std::uint32_t fromRate, std::uint32_t toRate);

  /**
   * Takes all input. As many samples come out as the ratio of the rates makes of all input so far, rounded down or up.
   * @returns the number of samples written to `output`
   * @throws std::runtime_error when they are more than `capacity`
   */
  std::size_t process(const std::int16_t* input, std::size_t count, std::int16_t* output, std::size_t capacity);

  /** The delay by the filter, which is half its length. */
  double delayMs() const { return delayMs_; }

 private:
  struct Destroy {
    void operator()(SpeexResamplerState_* state) const;
  };
  std::unique_ptr<SpeexResamplerState_, Destroy> state_;
  double delayMs_ = 0;
};

/** As the library's package writes it; the library itself does not tell. */
const char* resamplerVersion();

}  // namespace callnative
