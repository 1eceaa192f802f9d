// jpeg-decode ROUNDS WIDTH HEIGHT FILE: the median time to convert a camera's JPEG, by the addon and by TurboJPEG's own function
// with the same conversion of the range, in turn. Prints both in milliseconds.
#include <linux/videodev2.h>
#include <turbojpeg.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include <libyuv.h>

#include "pixels/colour-range.h"
#include "pixels/frame.h"
#include "pixels/pixel-convert.h"

using namespace callnative;

namespace {

using Bytes = std::vector<std::uint8_t>;

/** 4:2:2, which most webcams send. */
void byTurboJpeg(const Bytes& jpeg, int width, int height, Bytes& chroma, Bytes& frame) {
  const I420Planes<std::uint8_t> to(frame.data(), width, height);
  const std::size_t tall = static_cast<std::size_t>(to.chromaStride) * static_cast<std::size_t>(height);
  chroma.resize(2 * tall);
  std::uint8_t* planes[3] = {to.y, chroma.data(), chroma.data() + tall};
  int strides[3] = {width, to.chromaStride, to.chromaStride};
  tjhandle decompressor = tjInitDecompress();
  tjDecompressToYUVPlanes(decompressor, jpeg.data(), jpeg.size(), planes, width, strides, height, TJFLAG_FASTDCT);
  tjDestroy(decompressor);
  libyuv::I422ToI420(to.y, width, planes[1], to.chromaStride, planes[2], to.chromaStride, to.y, width, to.u, to.chromaStride,
                     to.v, to.chromaStride, width, height);
  toVideoRange(frame.data(), width, height);
}

template <typename Action>
double milliseconds(Action action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double>& times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 1;
  const int rounds = std::atoi(arguments[1]);
  const V4l2Format format{std::atoi(arguments[2]), std::atoi(arguments[3]), 0, V4L2_PIX_FMT_MJPEG, true};
  std::ifstream file(arguments[4], std::ios::binary);
  const Bytes jpeg(std::istreambuf_iterator<char>(file), {});
  Bytes frame(i420Size(format.width, format.height));
  Bytes chroma;
  PixelConverter converter;
  std::vector<double> own;
  std::vector<double> turbo;
  for (int round = 0; round < rounds; round++) {
    own.push_back(milliseconds([&] { converter.convert(format, jpeg, frame.data()); }));
    turbo.push_back(milliseconds([&] { byTurboJpeg(jpeg, format.width, format.height, chroma, frame); }));
  }
  std::printf("%f %f\n", median(own), median(turbo));
  return 0;
}
