// The bandwidth of a camera's bus.
#pragma once

#include <string>

namespace callnative {

/** Bytes per second of isochronous transfer on the bus of this node, from the bus speed in sysfs. Infinite for a node that
 *  is not on USB or not known. */
double busBytesPerSecond(const std::string& path);

}  // namespace callnative
