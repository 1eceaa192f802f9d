// What can be shared of an X display: monitors, and the windows that the window manager lists.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "display.h"

namespace callnative {

/** The id of the whole display, offered where it is more than one monitor. */
inline constexpr const char* kWholeDisplay = "display";

struct Shareable {
  /** "monitor:DP-1", "window:0x1c00007" or kWholeDisplay. */
  std::string id;
  /** The monitor's output, or the window's title. UTF-8 as the program set it, perhaps invalid. */
  std::string name;
  bool isWindow = false;
  /** The user's main monitor. */
  bool isPrimary = false;
  /** Of a monitor in the root window; of a window only its size. */
  Area area;
};

/** Monitors first, the primary one in front. At most kMaxWindows windows. */
std::vector<Shareable> listShareable(const Display& display);

/** The area of a monitor, or of the whole display; nothing if there is none of this id. */
std::optional<Area> monitorArea(const Display& display, const std::string& id);

/** The window of an id; nothing for other ids. It need not exist. */
std::optional<xcb_window_t> windowOf(const std::string& id);

}  // namespace callnative
