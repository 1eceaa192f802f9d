// Stockham's transform, which needs no reordering pass. The even samples are the real part and the odd samples the
// imaginary part; the result is then separated: Press et al., Numerical Recipes, 12.3.
#include "voice/fourier.h"

#include <cmath>
#include <numbers>

namespace callnative {

RealFourier::RealFourier(std::size_t size)
    : half_(size / 2), cos_(half_ + 1), sin_(half_ + 1), aRe_(half_), aIm_(half_), bRe_(half_), bIm_(half_) {
  for (std::size_t bin = 0; bin <= half_; ++bin) {
    const double angle = -std::numbers::pi * static_cast<double>(bin) / static_cast<double>(half_);
    cos_[bin] = static_cast<float>(std::cos(angle));
    sin_[bin] = static_cast<float>(std::sin(angle));
  }
  for (std::size_t groups = half_ / 2; groups >= 1; groups /= 2) {
    for (std::size_t group = 0; group < groups; ++group) {
      const double angle = -std::numbers::pi * static_cast<double>(group) / static_cast<double>(groups);
      stageCos_.push_back(static_cast<float>(std::cos(angle)));
      stageSin_.push_back(static_cast<float>(std::sin(angle)));
    }
  }
}

void RealFourier::transform() {
  std::size_t stage = 0;
  for (std::size_t groups = half_ / 2, width = 1; groups >= 1; groups /= 2, width *= 2) {
    for (std::size_t group = 0; group < groups; ++group, ++stage) {
      const float cos = stageCos_[stage];
      const float sin = stageSin_[stage];
      const float* lowRe = &aRe_[group * width];
      const float* lowIm = &aIm_[group * width];
      const float* highRe = lowRe + groups * width;
      const float* highIm = lowIm + groups * width;
      float* sumRe = &bRe_[2 * group * width];
      float* sumIm = &bIm_[2 * group * width];
      for (std::size_t at = 0; at < width; ++at) {
        const float re = lowRe[at] - highRe[at];
        const float im = lowIm[at] - highIm[at];
        sumRe[at] = lowRe[at] + highRe[at];
        sumIm[at] = lowIm[at] + highIm[at];
        sumRe[at + width] = re * cos - im * sin;
        sumIm[at + width] = re * sin + im * cos;
      }
    }
    aRe_.swap(bRe_);
    aIm_.swap(bIm_);
  }
}

void RealFourier::forward(const float* samples, float* re, float* im) {
  for (std::size_t at = 0; at < half_; ++at) {
    aRe_[at] = samples[2 * at];
    aIm_[at] = samples[2 * at + 1];
  }
  transform();
  for (std::size_t bin = 0; bin <= half_; ++bin) {
    const std::size_t low = bin % half_;
    const std::size_t high = (half_ - bin) % half_;
    const float evenRe = 0.5F * (aRe_[low] + aRe_[high]);
    const float evenIm = 0.5F * (aIm_[low] - aIm_[high]);
    const float oddRe = 0.5F * (aIm_[low] + aIm_[high]);
    const float oddIm = 0.5F * (aRe_[high] - aRe_[low]);
    re[bin] = evenRe + oddRe * cos_[bin] - oddIm * sin_[bin];
    im[bin] = evenIm + oddRe * sin_[bin] + oddIm * cos_[bin];
  }
}

void RealFourier::inverse(const float* re, const float* im, float* samples) {
  for (std::size_t bin = 0; bin < half_; ++bin) {
    const std::size_t high = half_ - bin;
    const float evenRe = 0.5F * (re[bin] + re[high]);
    const float evenIm = 0.5F * (im[bin] - im[high]);
    const float differenceRe = 0.5F * (re[bin] - re[high]);
    const float differenceIm = 0.5F * (im[bin] + im[high]);
    const float oddRe = differenceRe * cos_[bin] + differenceIm * sin_[bin];
    const float oddIm = differenceIm * cos_[bin] - differenceRe * sin_[bin];
    // Conjugated, so that the forward transform computes the inverse.
    aRe_[bin] = evenRe - oddIm;
    aIm_[bin] = -(evenIm + oddRe);
  }
  transform();
  const float scale = 1.0F / static_cast<float>(half_);
  for (std::size_t at = 0; at < half_; ++at) {
    samples[2 * at] = aRe_[at] * scale;
    samples[2 * at + 1] = -aIm_[at] * scale;
  }
}

}  // namespace callnative
