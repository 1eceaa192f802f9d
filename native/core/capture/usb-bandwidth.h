// How much a camera's connection carries. Which mode that allows is not decided here.
#pragma once

#include <string>

namespace callnative {

/** Bytes a second of isochronous transfer that the bus of this node carries at most, by what sysfs says of the bus's
 *  speed; infinite for a node that is not on USB, or not known. */
double carriedBytesPerSecond(const std::string& path);

}  // namespace callnative
