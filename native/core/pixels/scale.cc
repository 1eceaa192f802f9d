// libyuv's box filter averages all source pixels, which avoids aliasing.
#include "pixels/scale.h"

#include <libyuv.h>

#include "pixels/frame.h"

namespace callnative {

bool scaleI420(const std::uint8_t* source, int width, int height, std::uint8_t* target, int targetWidth,
               int targetHeight) {
  const I420Planes<const std::uint8_t> from(source, width, height);
  const I420Planes<std::uint8_t> to(target, targetWidth, targetHeight);
  return libyuv::I420Scale(from.y, width, from.u, from.chromaStride, from.v, from.chromaStride, width, height, to.y,
                           targetWidth, to.u, to.chromaStride, to.v, to.chromaStride, targetWidth, targetHeight,
                           libyuv::kFilterBox) == 0;
}

}  // namespace callnative
