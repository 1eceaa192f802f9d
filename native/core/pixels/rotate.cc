// libyuv turns each plane with vector code.
#include "pixels/rotate.h"

#include <libyuv.h>

#include <stdexcept>
#include <string>

#include "pixels/frame.h"

namespace callnative {

FrameView Rotator::upright(const FrameView& frame, int degrees) {
  if (degrees == 0) return frame;
  const bool isTurned = isSideways(degrees);
  const FrameView to{nullptr, isTurned ? frame.height : frame.width, isTurned ? frame.width : frame.height};
  const std::size_t size = i420Size(to.width, to.height);
  if (turned_.size() < size) turned_.resize(size);
  const I420Planes<const std::uint8_t> source(frame.data, frame.width, frame.height);
  const I420Planes<std::uint8_t> target(turned_.data(), to.width, to.height);
  // The values of libyuv's modes are the clockwise degrees.
  const auto mode = static_cast<libyuv::RotationMode>(degrees);
  if (!isRotation(degrees) ||
      libyuv::I420Rotate(source.y, source.width, source.u, source.chromaStride, source.v, source.chromaStride, target.y,
                         target.width, target.u, target.chromaStride, target.v, target.chromaStride, frame.width,
                         frame.height, mode) != 0) {
    throw std::runtime_error("libyuv cannot turn a frame of " + std::to_string(frame.width) + "x" +
                             std::to_string(frame.height) + " by " + std::to_string(degrees) + " degrees");
  }
  return {turned_.data(), to.width, to.height};
}

}  // namespace callnative
