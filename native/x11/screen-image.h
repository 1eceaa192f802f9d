// Takes images of a drawable in 32 bits a pixel, through shared memory where the server has it.
#pragma once

#include <xcb/shm.h>
#include <xcb/xcb.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "display.h"

namespace callnative {

class ScreenImage {
 public:
  /** Reserves memory for images of this size. Throws SystemError when there is none. */
  ScreenImage(const Display& display, int width, int height);
  ScreenImage(const ScreenImage&) = delete;
  ScreenImage& operator=(const ScreenImage&) = delete;
  ~ScreenImage();

  /** Copies the part at (x, y) of the drawable. False when the server refuses: the drawable has gone or is smaller. */
  bool take(xcb_drawable_t drawable, int x, int y);
  /** The image last taken: blue, green, red, unused, in rows of `width` pixels. It may be drawn on. */
  std::uint8_t* pixels() { return shared_ != nullptr ? shared_ : copied_.data(); }
  int width() const { return width_; }
  int height() const { return height_; }

 private:
  void share();
  std::size_t bytes() const { return static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_) * 4; }

  const Display& display_;
  int width_;
  int height_;
  xcb_shm_seg_t segment_ = 0;
  std::uint8_t* shared_ = nullptr;
  /** Used without shared memory. */
  std::vector<std::uint8_t> copied_;
};

}  // namespace callnative
