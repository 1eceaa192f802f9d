// Turns down what the echo filter leaves: by bin, as far as the rest of the echo outweighs the voice, and never below the
// background noise, so that the noise does not come and go. Adds 2.7 ms. Knows nothing of how the filter works.
#pragma once

#include <vector>

#include "voice/echo-filter.h"
#include "voice/fourier.h"

namespace callnative {

class EchoSuppressor {
 public:
  EchoSuppressor();

  /** `clean` and `echo` as EchoFilter gives them; `clean` is replaced. Allocates nothing. */
  void process(float* clean, const float* echo);

 private:
  void analyse(const std::vector<float>& frame, std::vector<float>& power, float smoothing);
  void followLeak();
  void chooseGains();
  void designFilter();
  void apply(float* out);

  RealFourier fourier_;
  std::vector<float> window_, taper_, cleanFrame_, echoFrame_, frame_;
  std::vector<float> re_, im_, filterRe_, filterIm_, lastFilterRe_, lastFilterIm_, lastOut_;
  /** By bin: powers, their means, the rest of the echo, background noise, gain. */
  std::vector<float> cleanPower_, echoPower_, cleanMean_, echoMean_, rest_, noise_, gain_;
  /** By band: how clean and echo go up and down together, and the echo with itself. */
  std::vector<float> together_, alone_;
};

}  // namespace callnative
