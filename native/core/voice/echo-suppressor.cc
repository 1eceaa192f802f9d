// Estimates the residual echo as a share of the subtracted echo. The share is the one by which the powers of both rise and
// fall together. See Valin, "On adjusting the learning rate in frequency domain echo cancellation with double-talk", IEEE
// TASLP 2007. A near voice does not follow the echo, so it does not raise the estimate.
#include "voice/echo-suppressor.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace callnative {

namespace {

constexpr std::size_t kFrame = 1024;
/** Half the filter's length in samples, which is its delay: 2.7 ms. */
constexpr std::size_t kHalfFilter = 128;
/** 750 Hz. */
constexpr std::size_t kBandBins = 16;
constexpr float kMeanSmoothing = 0.95F;
constexpr float kLeakSmoothing = 0.98F;
/** The filter usually does better, but leaves a varying rest of loud tones. The rest cannot exceed the echo itself. */
constexpr float kLeastLeak = 0.02F;
constexpr float kMostLeak = 1.0F;
/** Decay by block of the reverberation beyond the filter's length. */
constexpr float kRingingOn = 0.8F;
/** -36 dB. */
constexpr float kLeastGain = 0.016F;
/** 2 dB a second. */
constexpr float kNoiseRise = 1.005F;
constexpr float kTiny = 1e-12F;

}  // namespace

EchoSuppressor::EchoSuppressor(float caution)
    : caution_(caution),
      fourier_(kFrame),
      window_(kFrame),
      taper_(2 * kHalfFilter + 1),
      cleanFrame_(kFrame),
      echoFrame_(kFrame),
      frame_(kFrame) {
  const std::size_t bins = fourier_.bins();
  for (auto* values : {&re_, &im_, &filterRe_, &filterIm_, &lastFilterRe_, &lastFilterIm_, &cleanPower_, &echoPower_,
                       &cleanMean_, &echoMean_, &rest_}) {
    values->resize(bins);
  }
  noise_.assign(bins, 1.0F);
  gain_.assign(bins, 1.0F);
  for (auto* values : {&together_, &alone_}) values->resize(bins / kBandBins + 1);
  lastOut_.resize(kBlockSamples);
  constexpr double turn = 2 * std::numbers::pi;
  for (std::size_t at = 0; at < kFrame; ++at) {
    window_[at] = static_cast<float>(0.5 - 0.5 * std::cos(turn * static_cast<double>(at) / kFrame));
  }
  for (std::size_t tap = 0; tap < taper_.size(); ++tap) {
    taper_[tap] = static_cast<float>(0.5 - 0.5 * std::cos(turn * static_cast<double>(tap + 1) / static_cast<double>(taper_.size() + 1)));
  }
  designFilter();
}

void EchoSuppressor::process(float* clean, const float* echo) {
  const auto append = [](std::vector<float>& frame, const float* block) {
    std::copy(frame.begin() + kBlockSamples, frame.end(), frame.begin());
    std::copy(block, block + kBlockSamples, frame.end() - kBlockSamples);
  };
  append(cleanFrame_, clean);
  append(echoFrame_, echo);
  analyse(cleanFrame_, cleanPower_, 0.5F);
  analyse(echoFrame_, echoPower_, 0.3F);
  followLeak();
  chooseGains();
  designFilter();
  apply(clean);
}

void EchoSuppressor::analyse(const std::vector<float>& frame, std::vector<float>& power, float smoothing) {
  for (std::size_t at = 0; at < kFrame; ++at) frame_[at] = frame[at] * window_[at];
  fourier_.forward(frame_.data(), re_.data(), im_.data());
  for (std::size_t bin = 0; bin < power.size(); ++bin) {
    power[bin] = smoothing * power[bin] + (1 - smoothing) * (re_[bin] * re_[bin] + im_[bin] * im_[bin]);
  }
}

void EchoSuppressor::followLeak() {
  for (std::size_t band = 0; band < alone_.size(); ++band) {
    float together = 0;
    float alone = 0;
    const std::size_t end = std::min((band + 1) * kBandBins, echoPower_.size());
    for (std::size_t bin = band * kBandBins; bin < end; ++bin) {
      cleanMean_[bin] = kMeanSmoothing * cleanMean_[bin] + (1 - kMeanSmoothing) * cleanPower_[bin];
      echoMean_[bin] = kMeanSmoothing * echoMean_[bin] + (1 - kMeanSmoothing) * echoPower_[bin];
      const float echo = echoPower_[bin] - echoMean_[bin];
      together += echo * (cleanPower_[bin] - cleanMean_[bin]);
      alone += echo * echo;
    }
    together_[band] = kLeakSmoothing * together_[band] + (1 - kLeakSmoothing) * together;
    alone_[band] = kLeakSmoothing * alone_[band] + (1 - kLeakSmoothing) * alone;
  }
}

void EchoSuppressor::chooseGains() {
  for (std::size_t bin = 0; bin < gain_.size(); ++bin) {
    const std::size_t band = bin / kBandBins;
    const float leak = std::clamp(together_[band] / (alone_[band] + kTiny), kLeastLeak, kMostLeak);
    const float power = cleanPower_[bin] + kTiny;
    rest_[bin] = std::max(leak * echoPower_[bin], kRingingOn * rest_[bin]);
    // While there is echo, apparent background noise may be residual echo.
    const bool isQuiet = rest_[bin] * caution_ < 0.1F * power;
    noise_[bin] = std::min(power, isQuiet ? noise_[bin] * kNoiseRise : noise_[bin]);
    const float least = std::max(kLeastGain, std::sqrt(noise_[bin] / power));
    const float wanted = std::clamp(1 - caution_ * rest_[bin] / power, std::min(least, 1.0F), 1.0F);
    gain_[bin] = wanted < gain_[bin] ? wanted : 0.5F * (gain_[bin] + wanted);
  }
}

/** Turns the gains into a short linear-phase filter, which avoids the delay of windowed overlap-add. */
void EchoSuppressor::designFilter() {
  filterRe_.swap(lastFilterRe_);
  filterIm_.swap(lastFilterIm_);
  std::fill(im_.begin(), im_.end(), 0.0F);
  fourier_.inverse(gain_.data(), im_.data(), frame_.data());
  std::rotate(frame_.begin(), frame_.end() - kHalfFilter, frame_.end());
  for (std::size_t tap = 0; tap < taper_.size(); ++tap) frame_[tap] *= taper_[tap];
  std::fill(frame_.begin() + static_cast<std::ptrdiff_t>(taper_.size()), frame_.end(), 0.0F);
  fourier_.forward(frame_.data(), filterRe_.data(), filterIm_.data());
}

/** Cross-fades from the last filter to the new one. */
void EchoSuppressor::apply(float* out) {
  fourier_.forward(cleanFrame_.data(), re_.data(), im_.data());
  for (std::size_t bin = 0; bin < re_.size(); ++bin) {
    const float re = re_[bin];
    const float im = im_[bin];
    re_[bin] = re * lastFilterRe_[bin] - im * lastFilterIm_[bin];
    im_[bin] = re * lastFilterIm_[bin] + im * lastFilterRe_[bin];
    lastFilterRe_[bin] = re * filterRe_[bin] - im * filterIm_[bin];
    lastFilterIm_[bin] = re * filterIm_[bin] + im * filterRe_[bin];
  }
  fourier_.inverse(re_.data(), im_.data(), frame_.data());
  std::copy(frame_.end() - kBlockSamples, frame_.end(), lastOut_.begin());
  fourier_.inverse(lastFilterRe_.data(), lastFilterIm_.data(), frame_.data());
  for (std::size_t at = 0; at < kBlockSamples; ++at) {
    const float share = static_cast<float>(at + 1) / kBlockSamples;
    out[at] = (1 - share) * lastOut_[at] + share * frame_[kFrame - kBlockSamples + at];
  }
}

}  // namespace callnative
