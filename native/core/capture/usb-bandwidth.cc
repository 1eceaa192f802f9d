// USB 2.0 specification, 5.6.3 and 5.9: full speed carries 1,023 bytes each millisecond, high speed three transactions of
// 1,024 bytes each 125 µs, which is 24.6 MB/s. The headers of UVC's packets take some of it.
#include "capture/usb-bandwidth.h"

#include <filesystem>
#include <fstream>

#include "capture/mode-choice.h"

namespace callnative {

namespace {

constexpr double kFullSpeed = 1.0e6;
constexpr double kHighSpeed = 24.0e6;
constexpr double kFullSpeedMbps = 12;
constexpr double kHighSpeedMbps = 480;

}  // namespace

double busBytesPerSecond(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::path node = fs::canonical(path, failed).filename();
  // The node belongs to an interface of the USB device. The interface's folder lies inside the device's folder.
  const fs::path interface = fs::canonical("/sys/class/video4linux" / node / "device", failed);
  if (failed) return kUnlimited;
  std::ifstream file(interface.parent_path() / "speed");
  double speedMbps = 0;
  if (!(file >> speedMbps) || speedMbps > kHighSpeedMbps) return kUnlimited;
  return speedMbps > kFullSpeedMbps ? kHighSpeed : kFullSpeed;
}

}  // namespace callnative
