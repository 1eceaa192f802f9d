// See v4l2-list.h.
#include "capture/v4l2-list.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

#include "system/system-error.h"
#include "capture/v4l2-device.h"
#include "capture/v4l2-formats.h"

namespace callnative {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNodePrefix = "video";
constexpr std::string_view kGrey = "GREY";

/** The process or the system has used up a resource. What is missing then is not gone. */
bool isExhausted(int code) { return code == EMFILE || code == ENFILE || code == ENOMEM; }

/** Empty without such a directory. Throws SystemError when it cannot be read at present. */
std::vector<fs::path> entriesOf(const char* directory) {
  std::vector<fs::path> entries;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed)) entries.push_back(entry.path());
  if (failed && isExhausted(failed.value())) throw SystemError("opendir", failed.value(), directory);
  return entries;
}

/** Numbers of the nodes /dev/video<number>. */
std::vector<int> nodeNumbers() {
  std::vector<int> numbers;
  for (const fs::path& entry : entriesOf("/dev")) {
    const std::string name = entry.filename().string();
    if (!name.starts_with(kNodePrefix)) continue;
    int number = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + kNodePrefix.size(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

using StableNames = std::map<std::string, std::vector<std::string>>;

/** udev's stable names by node, in an order that does not depend on the directory's. */
StableNames stableNames() {
  std::vector<fs::path> entries = entriesOf("/dev/v4l/by-id");
  std::sort(entries.begin(), entries.end());
  StableNames names;
  for (const fs::path& entry : entries) {
    std::error_code failed;
    const fs::path node = fs::canonical(entry, failed);
    if (!failed) names[node.string()].push_back(entry.string());
  }
  return names;
}

template <std::size_t Size>
std::string textOf(const __u8 (&field)[Size]) {
  return {field, std::find(field, field + Size, 0)};
}

/** The first stable name is the id; the others become `otherIds`. `ownName` is the id without udev. */
Camera namedCamera(const std::string& path, const StableNames& names, const std::string& ownName) {
  Camera camera{path, ownName, {}, "", {}, {}, ""};
  const auto stable = names.find(path);
  if (stable == names.end()) return camera;
  camera.id = stable->second.front();
  camera.otherIds.assign(stable->second.begin() + 1, stable->second.end());
  camera.otherIds.push_back(ownName);
  return camera;
}

/** A camera that this user may not open is listed too: choosing it gives an error that names the missing right. */
Camera forbiddenCamera(const std::string& path, const StableNames& names) {
  std::ifstream file("/sys/class/video4linux/" + fs::path(path).filename().string() + "/name");
  std::string card;
  std::getline(file, card);
  Camera camera = namedCamera(path, names, path + " " + card);
  camera.name = card.empty() ? path : card;
  return camera;
}

/**
 * A node that is one end of a sensor's pipeline: it lists formats, but streams only after a program has set the pipeline up through
 * the media controller, and its pictures are raw. libcamera does that. V4L2_CAP_IO_MC, "Media Controller centric" devices.
 */
bool isPipelineEnd(const V4l2Device& device) { return (device.capability().device_caps & V4L2_CAP_IO_MC) != 0; }

std::vector<std::string> formatNames(const V4l2Device& device) {
  std::vector<std::string> names;
  for (const std::uint32_t fourcc : enumerateFormats(device)) names.push_back(fourccName(fourcc));
  return names;
}

std::optional<Camera> cameraAt(const std::string& path, const StableNames& names) {
  try {
    const V4l2Device device(path);
    const v4l2_capability& capability = device.capability();
    if (!device.capturesVideo()) return std::nullopt;
    const std::string card = textOf(capability.card);
    Camera camera = namedCamera(path, names, textOf(capability.bus_info) + " " + card);
    camera.name = card;
    camera.bus = textOf(capability.bus_info);
    if (!isPipelineEnd(device)) camera.modes = enumerateModes(device, nullptr);
    if (camera.modes.empty()) camera.otherFormats = formatNames(device);
    // A loopback camera without a writer has no format at all.
    if (camera.modes.empty() && camera.otherFormats.empty()) return std::nullopt;
    return camera;
  } catch (const SystemError& error) {
    if (error.code() == EACCES || error.code() == EPERM) return forbiddenCamera(path, names);
    if (isExhausted(error.code())) throw;
    return std::nullopt;
  }
}

/** An infrared camera for recognising faces. Nobody wants to be seen by it, unless it is all there is. */
bool isOnlyGrey(const Camera& camera) {
  return !camera.modes.empty() && std::all_of(camera.modes.begin(), camera.modes.end(), [](const Mode& mode) { return mode.fourcc == kGrey; });
}

/** What is of little use comes late: `auto` takes the first that opens. */
int lateness(const Camera& camera) { return !camera.otherFormats.empty() ? 2 : isOnlyGrey(camera) ? 1 : 0; }

/** Two nodes of one device, such as a laptop's colour and infrared camera, share bus and name. The later ones get numbers
 *  in the order of their nodes, which never changes within a device. */
void makeDistinct(std::vector<Camera>& cameras) {
  std::map<std::string, int> uses;
  for (Camera& camera : cameras) {
    const int use = ++uses[camera.id];
    if (use > 1) camera.id += " #" + std::to_string(use);
  }
}

}  // namespace

std::vector<Camera> listCameras() {
  const auto names = stableNames();
  std::vector<Camera> cameras;
  for (const int number : nodeNumbers()) {
    auto camera = cameraAt("/dev/video" + std::to_string(number), names);
    if (camera) cameras.push_back(std::move(*camera));
  }
  // Before they are numbered, so that a colour camera keeps its id whatever stands beside it.
  std::stable_sort(cameras.begin(), cameras.end(), [](const Camera& one, const Camera& other) { return lateness(one) < lateness(other); });
  makeDistinct(cameras);
  return cameras;
}

}  // namespace callnative
