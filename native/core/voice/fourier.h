// Spectra of real signals. Real and imaginary parts are separate so that the compiler can use vector instructions.
// The constructor plans the size; a transform allocates nothing.
#pragma once

#include <cstddef>
#include <vector>

namespace callnative {

class RealFourier {
 public:
  /** `size`: samples of a frame, a power of two, at least 4. */
  explicit RealFourier(std::size_t size);

  std::size_t bins() const { return half_ + 1; }

  /** `samples` (size) to `re` and `im` (bins each), not scaled. */
  void forward(const float* samples, float* re, float* im);

  /** The inverse of `forward`, scaled by 1 / size. */
  void inverse(const float* re, const float* im, float* samples);

 private:
  /** The complex transform of half the size, in `a_`; its result is in `a_` again. */
  void transform();

  std::size_t half_;
  /** cos and -sin of π·j/l for each stage of the transform, one stage after the other. */
  std::vector<float> stageCos_, stageSin_;
  /** cos and -sin of 2π·k/size. */
  std::vector<float> cos_, sin_;
  std::vector<float> aRe_, aIm_, bRe_, bIm_;
};

}  // namespace callnative
