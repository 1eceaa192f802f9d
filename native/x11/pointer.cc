// See pointer.h.
#include "pointer.h"

#include <xcb/xfixes.h>

namespace callnative {

namespace {

/** Places `over`, premultiplied, on one channel. */
std::uint8_t blend(std::uint32_t over, std::uint8_t under, std::uint32_t alpha) {
  const std::uint32_t sum = over + (under * (255 - alpha) + 127) / 255;
  return static_cast<std::uint8_t>(sum > 255 ? 255 : sum);
}

}  // namespace

Pointer::Pointer(const Display& display) : display_(display) {
  if (!display.extensions().hasFixes) return;
  xcb_xfixes_select_cursor_input(display.get(), display.root(), XCB_XFIXES_CURSOR_NOTIFY_MASK_DISPLAY_CURSOR);
}

bool Pointer::update() {
  if (!display_.extensions().hasFixes) return false;
  const bool isNewShape = !hasShape_ && fetchShape();
  const XcbPtr<xcb_query_pointer_reply_t> reply(
      xcb_query_pointer_reply(display_.get(), xcb_query_pointer(display_.get(), display_.root()), nullptr));
  if (!reply) return isNewShape;
  const bool hasMoved = reply->root_x != x_ || reply->root_y != y_;
  x_ = reply->root_x;
  y_ = reply->root_y;
  return isNewShape || hasMoved;
}

bool Pointer::fetchShape() {
  const XcbPtr<xcb_xfixes_get_cursor_image_reply_t> reply(
      xcb_xfixes_get_cursor_image_reply(display_.get(), xcb_xfixes_get_cursor_image(display_.get()), nullptr));
  if (!reply) return false;
  hasShape_ = true;
  hotX_ = reply->xhot;
  hotY_ = reply->yhot;
  width_ = reply->width;
  height_ = reply->height;
  const std::uint32_t* first = xcb_xfixes_get_cursor_image_cursor_image(reply.get());
  shape_.assign(first, first + xcb_xfixes_get_cursor_image_cursor_image_length(reply.get()));
  return true;
}

bool Pointer::isIn(const Area& area) const {
  return x_ >= area.x && x_ < area.x + area.width && y_ >= area.y && y_ < area.y + area.height;
}

void Pointer::draw(std::uint8_t* pixels, int width, int height, const Area& origin) const {
  if (shape_.size() < static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_)) return;
  const int left = x_ - hotX_ - origin.x;
  const int top = y_ - hotY_ - origin.y;
  for (int row = 0; row < height_; row++) {
    if (top + row < 0 || top + row >= height) continue;
    for (int column = 0; column < width_; column++) {
      if (left + column < 0 || left + column >= width) continue;
      const std::uint32_t argb = shape_[static_cast<std::size_t>(row * width_ + column)];
      const std::uint32_t alpha = argb >> 24;
      if (alpha == 0) continue;
      std::uint8_t* at = pixels + (static_cast<std::ptrdiff_t>(top + row) * width + left + column) * 4;
      at[0] = blend(argb & 0xFF, at[0], alpha);
      at[1] = blend(argb >> 8 & 0xFF, at[1], alpha);
      at[2] = blend(argb >> 16 & 0xFF, at[2], alpha);
    }
  }
}

}  // namespace callnative
