// The versions of the libraries that the add-on was built with.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace callnative {

/** Name and version of each, as the library's project writes them. */
std::vector<std::pair<std::string, std::string>> libraryVersions();

}  // namespace callnative
