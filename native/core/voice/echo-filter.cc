// See echo-filter.h. The loops over bins use plain pointers so that the compiler can vectorise them.
#include "voice/echo-filter.h"

#include <algorithm>

namespace callnative {

namespace {

constexpr std::size_t kFrame = 1024;
/** 450 ms: a delay of 300 ms and a room response of 150 ms. */
constexpr std::size_t kPartitions = 45;
/** The share of a frame that is new, R/M in the paper. */
constexpr float kNewShare = static_cast<float>(kBlockSamples) / kFrame;
/** How much of the path persists from block to block, A in the paper. Rooms change within seconds. Measured: 0.995 and
 *  0.9995 differ by 2 dB. */
constexpr float kPersistence = 0.998F;
/** Initial variance of the path in each partition. Loud speakers reach 1 in total. */
constexpr float kStartUncertainty = 0.1F;
constexpr float kNoiseSmoothing = 0.9F;
/** Below the quantisation noise of 16 bit. */
constexpr float kLeastNoise = 1e-7F;
/** A path that looks like zero may still appear. The floor is a hundredth of the mean over the partitions. */
constexpr float kLeastPathShare = 0.01F / kPartitions;
/** Each costs two transforms. All partitions have their turn within 120 ms. */
constexpr int kConstrainedPerBlock = 4;
/** A quarter of a second. */
constexpr float kDivergenceSmoothing = 0.96F;
/** The path has changed when the estimated echo makes up this share and subtracting it gains nothing. */
constexpr float kTrustedShare = 0.25F;
constexpr float kNoGain = 0.95F;
constexpr int kDivergedBlocks = 50;
/** -80 dB: too quiet to learn from. */
constexpr float kSilence = 1e-8F;

}  // namespace

EchoFilter::EchoFilter()
    : fourier_(kFrame), partitions_(kPartitions), far_(kPartitions), farFrame_(kFrame), frame_(kFrame) {
  const std::size_t bins = fourier_.bins();
  for (auto* values : {&noise_, &unknown_, &step_, &leastPath_}) values->resize(bins);
  for (Spectrum* one : {&echo_, &error_}) *one = {std::vector<float>(bins), std::vector<float>(bins)};
  for (Spectrum& one : far_) one = echo_;
  for (Partition& one : partitions_) one = {echo_, std::vector<float>(bins)};
  reset();
}

void EchoFilter::reset() {
  for (Partition& one : partitions_) forget(one);
  divergedBlocks_ = 0;
}

void EchoFilter::forget(Partition& partition) {
  std::fill(partition.path.re.begin(), partition.path.re.end(), 0.0F);
  std::fill(partition.path.im.begin(), partition.path.im.end(), 0.0F);
  std::fill(partition.uncertainty.begin(), partition.uncertainty.end(), kStartUncertainty);
}

void EchoFilter::delayFar() {
  newest_ = (newest_ + 1) % kPartitions;
  // The path's delay becomes shorter: its first partition is dropped, and the last one is unknown.
  std::rotate(partitions_.begin(), partitions_.begin() + 1, partitions_.end());
  forget(partitions_.back());
}

void EchoFilter::skipFar(const float* far) {
  takeFar(far);
  std::rotate(partitions_.begin(), partitions_.end() - 1, partitions_.end());
  forget(partitions_.front());
}

std::size_t EchoFilter::delayBlocks() const {
  std::size_t loudest = 0;
  float most = 0;
  for (std::size_t partition = 0; partition < kPartitions; ++partition) {
    const Spectrum& path = partitions_[partition].path;
    float power = 0;
    for (std::size_t bin = 0; bin < fourier_.bins(); ++bin) power += path.re[bin] * path.re[bin] + path.im[bin] * path.im[bin];
    if (power > most) loudest = partition;
    most = std::max(most, power);
  }
  return loudest;
}

void EchoFilter::process(const float* far, const float* near, float* clean, float* echo) {
  takeFar(far);
  if (silentBlocks_ > kPartitions + kFrame / kBlockSamples) {
    // The filter holds no far sound, so there is no echo and nothing to learn.
    std::copy(near, near + kBlockSamples, clean);
    std::fill(echo, echo + kBlockSamples, 0.0F);
    return;
  }
  predict();
  subtract(near, clean, echo);
  weigh();
  learn();
  for (int count = 0; count < kConstrainedPerBlock; ++count) constrainNext();
  detectDivergence(near, clean, echo);
}

const EchoFilter::Spectrum& EchoFilter::farOf(std::size_t partition) const {
  return far_[(newest_ + partition) % kPartitions];
}

void EchoFilter::takeFar(const float* far) {
  std::copy(farFrame_.begin() + kBlockSamples, farFrame_.end(), farFrame_.begin());
  std::copy(far, far + kBlockSamples, farFrame_.end() - kBlockSamples);
  silentBlocks_ = blockPower(far) > 0 ? 0 : silentBlocks_ + 1;
  newest_ = (newest_ + kPartitions - 1) % kPartitions;
  fourier_.forward(farFrame_.data(), far_[newest_].re.data(), far_[newest_].im.data());
}

/** Predicts the echo, and the power of its part that is still unknown. */
void EchoFilter::predict() {
  for (auto* sums : {&echo_.re, &echo_.im, &unknown_, &leastPath_}) std::fill(sums->begin(), sums->end(), 0.0F);
  float* echoRe = echo_.re.data();
  float* echoIm = echo_.im.data();
  float* unknown = unknown_.data();
  float* paths = leastPath_.data();
  for (std::size_t partition = 0; partition < kPartitions; ++partition) {
    const float* re = farOf(partition).re.data();
    const float* im = farOf(partition).im.data();
    const float* pathRe = partitions_[partition].path.re.data();
    const float* pathIm = partitions_[partition].path.im.data();
    const float* uncertainty = partitions_[partition].uncertainty.data();
    for (std::size_t bin = 0; bin < fourier_.bins(); ++bin) {
      echoRe[bin] += re[bin] * pathRe[bin] - im[bin] * pathIm[bin];
      echoIm[bin] += re[bin] * pathIm[bin] + im[bin] * pathRe[bin];
      unknown[bin] += (re[bin] * re[bin] + im[bin] * im[bin]) * uncertainty[bin];
      paths[bin] += pathRe[bin] * pathRe[bin] + pathIm[bin] * pathIm[bin];
    }
  }
}

/** Overlap-save: only the last samples of the frame are free of circular wrap-around. */
void EchoFilter::subtract(const float* near, float* clean, float* echo) {
  fourier_.inverse(echo_.re.data(), echo_.im.data(), frame_.data());
  std::copy(frame_.end() - kBlockSamples, frame_.end(), echo);
  std::fill(frame_.begin(), frame_.end() - kBlockSamples, 0.0F);
  for (std::size_t at = 0; at < kBlockSamples; ++at) clean[at] = near[at] - echo[at];
  std::copy(clean, clean + kBlockSamples, frame_.end() - kBlockSamples);
  fourier_.forward(frame_.data(), error_.re.data(), error_.im.data());
}

void EchoFilter::weigh() {
  for (std::size_t bin = 0; bin < fourier_.bins(); ++bin) {
    const float power = error_.re[bin] * error_.re[bin] + error_.im[bin] * error_.im[bin];
    noise_[bin] = std::max(kLeastNoise, kNoiseSmoothing * noise_[bin] + (1 - kNoiseSmoothing) * power);
    step_[bin] = kNewShare / (kNewShare * unknown_[bin] + noise_[bin]);
    leastPath_[bin] *= kLeastPathShare;
  }
}

void EchoFilter::learn() {
  constexpr float kept = kPersistence * kPersistence;
  const float* errorRe = error_.re.data();
  const float* errorIm = error_.im.data();
  const float* step = step_.data();
  const float* leastPath = leastPath_.data();
  for (std::size_t partition = 0; partition < kPartitions; ++partition) {
    const float* re = farOf(partition).re.data();
    const float* im = farOf(partition).im.data();
    float* pathRe = partitions_[partition].path.re.data();
    float* pathIm = partitions_[partition].path.im.data();
    float* uncertainty = partitions_[partition].uncertainty.data();
    for (std::size_t bin = 0; bin < fourier_.bins(); ++bin) {
      const float gain = uncertainty[bin] * step[bin];
      pathRe[bin] += gain * (re[bin] * errorRe[bin] + im[bin] * errorIm[bin]);
      pathIm[bin] += gain * (re[bin] * errorIm[bin] - im[bin] * errorRe[bin]);
      const float learnt = kNewShare * gain * (re[bin] * re[bin] + im[bin] * im[bin]);
      const float power = std::max(leastPath[bin], pathRe[bin] * pathRe[bin] + pathIm[bin] * pathIm[bin]);
      uncertainty[bin] = kept * (1 - learnt) * uncertainty[bin] + (1 - kept) * power;
    }
  }
}

/** Gradient constraint: a partition covers its own 10 ms only. Removes what learning in spectra added elsewhere. */
void EchoFilter::constrainNext() {
  Spectrum& path = partitions_[nextConstrained_].path;
  nextConstrained_ = (nextConstrained_ + 1) % kPartitions;
  fourier_.inverse(path.re.data(), path.im.data(), frame_.data());
  std::fill(frame_.begin() + kBlockSamples, frame_.end(), 0.0F);
  fourier_.forward(frame_.data(), path.re.data(), path.im.data());
}

/** Detects divergence: after a jump of the delay the filter trusts a wrong path, so it is reset. */
void EchoFilter::detectDivergence(const float* near, const float* clean, const float* echo) {
  const auto follow = [](float& mean, float power) {
    mean = kDivergenceSmoothing * mean + (1 - kDivergenceSmoothing) * power;
  };
  follow(nearPower_, blockPower(near));
  follow(cleanPower_, blockPower(clean));
  follow(echoPower_, blockPower(echo));
  const bool isTrusted = echoPower_ > kSilence && echoPower_ > kTrustedShare * nearPower_;
  divergedBlocks_ = isTrusted && cleanPower_ > kNoGain * nearPower_ ? divergedBlocks_ + 1 : 0;
  if (divergedBlocks_ >= kDivergedBlocks) reset();
}

float blockPower(const float* block) {
  float sum = 0;
  for (std::size_t at = 0; at < kBlockSamples; ++at) sum += block[at] * block[at];
  return sum / kBlockSamples;
}

}  // namespace callnative
