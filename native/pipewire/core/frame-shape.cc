// See frame-shape.h.
#include "frame-shape.h"

#include <libyuv.h>
#include <spa/buffer/meta.h>

#include "pixels/frame.h"

namespace callnative {

namespace {

constexpr int kQuarter = 90;
constexpr int kQuarters = 4;
constexpr int kEven = ~1;

/** SPA's values: 0 to 3 quarters to turn, then the same mirrored, where the turn goes the other way. */
void applyTransform(FrameShape& shape, std::uint32_t value) {
  if (value > SPA_META_TRANSFORMATION_Flipped270) return;
  const int quarters = static_cast<int>(value) % kQuarters;
  shape.isMirrored = value >= SPA_META_TRANSFORMATION_Flipped;
  shape.rotation = (shape.isMirrored ? kQuarters - quarters : quarters) % kQuarters * kQuarter;
}

void applyCrop(FrameShape& shape, const spa_region& region, const Size& frame) {
  const auto width = static_cast<std::int64_t>(region.size.width);
  const auto height = static_cast<std::int64_t>(region.size.height);
  const std::int64_t left = region.position.x;
  const std::int64_t top = region.position.y;
  if (width < 1 || height < 1 || left < 0 || top < 0 || left + width > frame.width || top + height > frame.height) return;
  shape.left = static_cast<int>(left) & kEven;
  shape.top = static_cast<int>(top) & kEven;
  shape.part = {static_cast<int>(width), static_cast<int>(height)};
}

}  // namespace

Size FrameShape::shown() const { return rotation % (2 * kQuarter) == 0 ? part : Size{part.height, part.width}; }

bool FrameShape::isWhole(const Size& frame) const {
  return part.width == frame.width && part.height == frame.height && !isMirrored && rotation == 0;
}

FrameShape shapeOf(const spa_buffer& buffer, const Size& frame) {
  FrameShape shape;
  shape.part = frame;
  const auto* crop = static_cast<const spa_meta_region*>(spa_buffer_find_meta_data(&buffer, SPA_META_VideoCrop, sizeof(spa_meta_region)));
  if (crop != nullptr) applyCrop(shape, crop->region, frame);
  const auto* transform = static_cast<const spa_meta_videotransform*>(
      spa_buffer_find_meta_data(&buffer, SPA_META_VideoTransform, sizeof(spa_meta_videotransform)));
  if (transform != nullptr) applyTransform(shape, transform->transform);
  return shape;
}

std::uint8_t* Reshaper::frame(const Size& size) {
  size_ = size;
  frame_.resize(i420Size(size.width, size.height));
  return frame_.data();
}

bool Reshaper::reshape(const FrameShape& shape, std::uint8_t* target) {
  const auto& [width, height] = shape.part;
  const I420Planes<const std::uint8_t> from(frame_.data(), size_.width, size_.height);
  part_.resize(i420Size(width, height));
  const I420Planes<std::uint8_t> part(part_.data(), width, height);
  const auto chroma = static_cast<std::ptrdiff_t>(shape.top / 2) * from.chromaStride + shape.left / 2;
  const auto copy = shape.isMirrored ? libyuv::I420Mirror : libyuv::I420Copy;
  const std::uint8_t* luma = from.y + static_cast<std::ptrdiff_t>(shape.top) * from.width + shape.left;
  const bool isCopied = copy(luma, from.width, from.u + chroma, from.chromaStride, from.v + chroma, from.chromaStride, part.y, part.width, part.u,
                             part.chromaStride, part.v, part.chromaStride, width, height) == 0;
  const Size shown = shape.shown();
  const I420Planes<std::uint8_t> to(target, shown.width, shown.height);
  return isCopied && libyuv::I420Rotate(part.y, part.width, part.u, part.chromaStride, part.v, part.chromaStride, to.y, to.width, to.u, to.chromaStride,
                                        to.v, to.chromaStride, width, height, static_cast<libyuv::RotationMode>(shape.rotation)) == 0;
}

}  // namespace callnative
