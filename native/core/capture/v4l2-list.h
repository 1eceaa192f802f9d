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
  std::vector<Mode> modes;
};

/** Nodes /dev/video* that capture video in a convertible format, ordered by number, those without
 *  colours last. Nodes that this user may not open are
 *  listed without modes; nodes that fail otherwise are left out. */
std::vector<Camera> listCameras();

}  // namespace callnative
