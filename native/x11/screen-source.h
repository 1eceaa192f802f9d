// Captures a monitor or a window of an X display. A frame is taken when something has changed, and once a second.
#pragma once

#include <xcb/damage.h>
#include <xcb/xcb.h>
#include <xcb/xfixes.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/frame-source.h"
#include "display.h"
#include "pointer.h"
#include "screen-image.h"

namespace callnative {

/**
 * A SystemError ends the source, with one of these operations: `resized` (open it again), `closed` (the window or monitor
 * has gone), `display` (the X server has gone).
 */
class ScreenSource final : public FrameSource {
 public:
  /**
   * `constraints` hold the largest size, whose longer side is that of the source, and the highest rate. Throws SystemError
   * `connect` without an X server, `closed` if there is no such source, `depth` if its pixels have an unknown form.
   */
  ScreenSource(const std::string& displayName, std::string id, const CaptureConstraints& constraints);
  ~ScreenSource() override;

  const Mode& mode() const override { return mode_; }
  bool wait(int stopFd) override;
  FrameVerdict take(std::uint8_t* target, const std::uint8_t* previous) override;
  void skip() override {}
  const std::vector<std::string>& notes() const override { return notes_; }
  std::int64_t capturedAtUs() const override { return capturedAtUs_; }

 private:
  void begin();
  void watchWindow();
  void nameWindow();
  void watchDamage();
  void chooseMode(const CaptureConstraints& constraints);
  /** Reads the place and size again. Nothing for a monitor that is not there; throws SystemError `closed` for a window. */
  std::optional<Area> findArea() const;
  /** Throws SystemError `closed`. */
  Area currentArea() const;
  void checkArea();
  /** Throws SystemError `closed` or `resized` if the source is not again as it was. */
  void settle();
  void assertFormat(std::uint8_t depth) const;
  void handleEvents();
  void handleWindowEvent(const xcb_generic_event_t& event, std::uint8_t type);
  /** Whether the damage since the last call touches the source. */
  bool fetchDamage();
  /** Nanoseconds until the next frame is due; 0 if it is. */
  std::int64_t untilDue(std::int64_t now);
  [[noreturn]] void endBecause(const char* operation, const std::string& what) const;

  std::string id_;
  Display display_;
  std::optional<xcb_window_t> window_;
  Area area_;
  Mode mode_;
  std::vector<std::string> notes_;
  Pointer pointer_;
  std::unique_ptr<ScreenImage> image_;
  std::vector<std::uint8_t> scaled_;
  /** Of the window, where the server composes: what covers the window is not in it. */
  xcb_pixmap_t pixmap_ = XCB_NONE;
  xcb_damage_damage_t damage_ = XCB_NONE;
  xcb_xfixes_region_t region_ = XCB_NONE;
  bool isDamaged_ = false;
  bool isChanged_ = true;
  bool isHidden_ = false;
  /** When the size last changed or the monitor went; 0 while all is as at the start. */
  std::int64_t unsettledAtNs_ = 0;
  std::int64_t periodNs_;
  std::int64_t lastFrameNs_ = 0;
  std::int64_t lastLookNs_ = 0;
  std::int64_t capturedAtUs_ = 0;
};

}  // namespace callnative
