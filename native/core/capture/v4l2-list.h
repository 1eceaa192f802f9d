// Lists this machine's cameras without capturing from any.
#pragma once

#include <string>
#include <vector>

#include "pixels/frame.h"

namespace callnative {

struct Camera {
  std::string path;
  /** Stable: udev's name by the device's own identity if there is one, else bus and device name. */
  std::string id;
  /** Its other stable names. Settings may hold one of them. */
  std::vector<std::string> otherIds;
  std::string name;
  /** Empty if this user may not open it, and if it offers `otherFormats` only. */
  std::vector<Mode> modes;
  /** Names of what a camera without modes offers. */
  std::vector<std::string> otherFormats;
  /** Where its device is plugged in. Empty if this user may not open it. */
  std::string bus;
};

/** Nodes /dev/video* that capture video, ordered by number, then those without colours, and those without a convertible
 *  format last. Nodes that this user may not open are listed without modes; nodes that fail otherwise are left out. */
std::vector<Camera> listCameras();

}  // namespace callnative
