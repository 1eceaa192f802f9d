// Which cameras this machine has, without capturing from any.
#pragma once

#include <string>
#include <vector>

#include "pixels/picture.h"

namespace callnative {

struct Camera {
  std::string path;
  /** Lasting: udev's name by the device's own identity where there is one, else where it is plugged in, and its name. */
  std::string id;
  /** Its other lasting names, by which it may have been remembered. */
  std::vector<std::string> otherIds;
  std::string name;
  std::vector<Mode> modes;
};

/** Nodes /dev/video* that capture video in a format we understand, in the order of their numbers. Nodes that
 *  this user may not open are listed without modes; nodes that fail otherwise are left out. */
std::vector<Camera> listCameras();

}  // namespace callnative
