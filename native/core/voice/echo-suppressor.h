// Attenuates the residual echo of the echo filter. The gain of each bin follows from the ratio of residual echo to voice.
// It never goes below the background noise, so that the noise stays steady. Adds 2.7 ms of delay.
#pragma once

#include <vector>

#include "voice/echo-filter.h"
#include "voice/fourier.h"

namespace callnative {

class EchoSuppressor {
 public:
  /** The residual echo may exceed its estimate by the factor `caution`. A larger one attenuates the near voice, too. */
  explicit EchoSuppressor(float caution);

  /** `clean` and `echo` come from EchoFilter. Replaces `clean`. Allocates nothing. */
  void process(float* clean, const float* echo);

 private:
  void analyse(const std::vector<float>& frame, std::vector<float>& power, float smoothing);
  void followLeak();
  void chooseGains();
  void designFilter();
  void apply(float* out);

  float caution_;
  RealFourier fourier_;
  std::vector<float> window_, taper_, cleanFrame_, echoFrame_, frame_;
  std::vector<float> re_, im_, filterRe_, filterIm_, lastFilterRe_, lastFilterIm_, lastOut_;
  /** By bin: powers, their means, residual echo, background noise, gain. */
  std::vector<float> cleanPower_, echoPower_, cleanMean_, echoMean_, rest_, noise_, gain_;
  /** By band: covariance of clean and echo, and variance of the echo. */
  std::vector<float> together_, alone_;
};

}  // namespace callnative
