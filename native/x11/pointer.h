// The mouse pointer, which the server leaves out of images: it is drawn onto them.
#pragma once

#include <cstdint>
#include <vector>

#include "display.h"

namespace callnative {

/** Does nothing where the server has no XFixes. */
class Pointer {
 public:
  explicit Pointer(const Display& display);

  /** Asks for the position, and for the shape if it changed. Returns whether either changed. */
  bool update();
  /** For the event of a new shape. */
  void forgetShape() { hasShape_ = false; }
  /** Draws onto an image whose upper left corner is at `origin` of the root window. */
  void draw(std::uint8_t* pixels, int width, int height, const Area& origin) const;
  /** Whether the hot spot lies inside. */
  bool isIn(const Area& area) const;

 private:
  bool fetchShape();

  const Display& display_;
  bool hasShape_ = false;
  int x_ = 0;
  int y_ = 0;
  int hotX_ = 0;
  int hotY_ = 0;
  int width_ = 0;
  int height_ = 0;
  /** Premultiplied ARGB. */
  std::vector<std::uint32_t> shape_;
};

}  // namespace callnative
