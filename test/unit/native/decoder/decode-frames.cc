// decode-frames WIDTH HEIGHT FILE…: decodes each file as a frame of an MJPEG camera. Writes FILE.yuv, FILE.jpg where a JPEG
// is handed on, and a line of JSON for each file. The frame before each one has the value kBefore everywhere.
#include <linux/videodev2.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "pixels/frame.h"
#include "pixels/pixel-convert.h"

using namespace callnative;

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::uint8_t kBefore = 77;
constexpr const char* kQualities[] = {"whole", "repaired", "damaged"};

Bytes read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

void write(const std::string& path, std::span<const std::uint8_t> bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void print(const FrameVerdict& verdict) {
  std::printf("{\"quality\":\"%s\",\"isShown\":%s,\"faults\":[", kQualities[static_cast<int>(verdict.quality)], verdict.isShown ? "true" : "false");
  const char* separator = "";
  for (std::size_t fault = 0; fault < kFaults; fault++) {
    if (!verdict.faults.has(static_cast<FrameFault>(fault))) continue;
    std::printf("%s\"%s\"", separator, kFaultNames[fault]);
    separator = ",";
  }
  std::printf("]}\n");
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 1;
  const V4l2Format format{std::atoi(arguments[1]), std::atoi(arguments[2]), 0, V4L2_PIX_FMT_MJPEG, true};
  const Bytes before(i420Size(format.width, format.height), kBefore);
  // One converter for all files: a frame must not depend on the one before it.
  PixelConverter converter;
  for (int i = 3; i < count; i++) {
    Bytes frame(before.size());
    print(converter.convert(format, read(arguments[i]), frame.data(), before.data()));
    write(std::string(arguments[i]) + ".yuv", frame);
    if (!converter.jpeg().empty()) write(std::string(arguments[i]) + ".jpg", converter.jpeg());
  }
  return 0;
}
