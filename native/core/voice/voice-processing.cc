// See voice-processing.h. Two callbacks deliver played and captured blocks, and each may be late or come in bursts. A few
// played blocks therefore wait. When their number changes for good, the filter's path is shifted with it.
#include "voice/voice-processing.h"

#include <algorithm>
#include <cmath>

namespace callnative {

namespace {

constexpr float kFullScale = 32'768.0F;
/** 20 ms, the usual offset between the two callbacks. Sound servers take longer than that from speaker to microphone, so
 *  the echo still follows its cause. */
constexpr std::size_t kLead = 2;
/** One second. */
constexpr int kTrendBlocks = 100;
/** 100 ms without a played block: the speaker was closed, and its delay may change. */
constexpr int kMostMissingInRow = 10;
constexpr float kFigureSmoothing = 0.99F;
/** -60 dB. */
constexpr float kAudible = 1e-6F;
/** Times by which the residual echo may exceed its estimate. The powers of single bins vary widely. Half of it is enough, and
 *  kinder to the near voice, if the library takes what remains: see native/README.md. */
constexpr float kCaution = 8.0F;
constexpr float kCautionBeforeCanceller = 4.0F;

}  // namespace

VoiceProcessor::VoiceProcessor(VoiceSettings settings)
    : settings_(settings),
      library_(openVoiceLibrary()),
      suppressor_(library_->cancelsEcho() ? kCautionBeforeCanceller : kCaution) {
  library_->configure(settings);
}

VoiceProcessor::~VoiceProcessor() = default;

void VoiceProcessor::configure(VoiceSettings settings) {
  settings_ = settings;
  library_->configure(settings);
}

void VoiceProcessor::playing(const std::int16_t* block) {
  if (count_ == kMostWaiting) dropFar();
  Block& slot = waiting_[(first_ + count_) % kMostWaiting];
  for (std::size_t at = 0; at < kBlockSamples; ++at) slot[at] = static_cast<float>(block[at]) / kFullScale;
  count_ += 1;
}

void VoiceProcessor::captured(std::int16_t* block) {
  const bool isSilence = std::all_of(block, block + kBlockSamples, [](std::int16_t sample) { return sample == 0; });
  const float* far = nullptr;
  if (settings_.echoCancellation) {
    far = nextFar();
    cancelEcho(far, block);
  } else {
    count_ = 0;
    isGathering_ = true;
  }
  library_->process(far, block);
  // Without a microphone nothing may be heard, but AEC3 begins with half a second of comfort noise.
  if (isSilence) std::fill(block, block + kBlockSamples, std::int16_t{0});
}

void VoiceProcessor::cancelEcho(const float* far, std::int16_t* block) {
  for (std::size_t at = 0; at < kBlockSamples; ++at) near_[at] = static_cast<float>(block[at]) / kFullScale;
  filter_.process(far, near_.data(), clean_.data(), echo_.data());
  suppressor_.process(clean_.data(), echo_.data());
  for (std::size_t at = 0; at < kBlockSamples; ++at) {
    const float sample = std::clamp(std::round(clean_[at] * kFullScale), -kFullScale, kFullScale - 1);
    block[at] = static_cast<std::int16_t>(sample);
  }
  farPower_ = 0.9F * farPower_ + 0.1F * blockPower(far);
  if (farPower_ < kAudible) return;
  nearPower_ = kFigureSmoothing * nearPower_ + (1 - kFigureSmoothing) * blockPower(near_.data());
  cleanPower_ = kFigureSmoothing * cleanPower_ + (1 - kFigureSmoothing) * blockPower(clean_.data());
}

/** The played block that pairs with the current captured block; silence when there is none. */
const float* VoiceProcessor::nextFar() {
  if (isGathering_ && count_ >= kLead) {
    isGathering_ = false;
    fewest_ = kMostWaiting;
    untilTrend_ = kTrendBlocks;
    // The silence that replaced late blocks has delayed all later blocks.
    if (missingInRow_ <= kMostMissingInRow) for (; missingInRow_ > 0; --missingInRow_) filter_.delayFar();
    missingInRow_ = 0;
  }
  if (isGathering_ || count_ == 0) {
    isGathering_ = true;
    missing_ += 1;
    missingInRow_ = std::min(missingInRow_ + 1, kMostMissingInRow + 1);
    return silence_.data();
  }
  trackLead();
  const float* far = waiting_[first_].data();
  first_ = (first_ + 1) % kMostWaiting;
  count_ -= 1;
  return far;
}

/** If more than the lead has waited for a second, the captured side has lost a block. */
void VoiceProcessor::trackLead() {
  fewest_ = std::min(fewest_, count_);
  if (--untilTrend_ > 0) return;
  if (fewest_ > kLead) dropFar();
  fewest_ = kMostWaiting;
  untilTrend_ = kTrendBlocks;
}

void VoiceProcessor::dropFar() {
  filter_.skipFar(waiting_[first_].data());
  first_ = (first_ + 1) % kMostWaiting;
  count_ -= 1;
  dropped_ += 1;
}

VoiceFigures VoiceProcessor::figures() const {
  constexpr double blockMs = 10;
  const double reduction = cleanPower_ > 0 ? 10 * std::log10(nearPower_ / cleanPower_) : 0;
  return {static_cast<double>(filter_.delayBlocks()) * blockMs, reduction, static_cast<double>(missing_),
          static_cast<double>(dropped_)};
}

}  // namespace callnative
