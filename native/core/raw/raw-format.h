// The raw formats of cameras: how many planes each has, and where those lie in memory. Reference: the kernel's V4L2
// documentation, "Image Formats" and "Field Order".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace callnative {

/** Most planes of a format, as memory and as colours. */
constexpr int kMostPlanes = 3;

/** What a buffer holds of an interlaced frame. V4L2, "Field Order". */
enum class Fields : std::uint8_t {
  /** A whole frame, each line in its place: progressive, or interlaced and joined by the driver. */
  inPlace,
  /** One field of each frame. Its lines are shown twice. */
  single,
  /** The fields of a frame come in two buffers. */
  alternate,
  /** The lines of the upper field, then those of the lower one. */
  upperFirst,
  /** The lines of the lower field, then those of the upper one. */
  lowerFirst,
};

/** The format of a camera's buffers. */
struct V4l2Format {
  /** Pixels. */
  int width;
  /** Lines in a buffer. The frame has another number of lines if the buffer holds fields: see shownHeight(). */
  int height;
  /** Of the first plane; 0 for lines without padding. */
  int bytesPerLine;
  std::uint32_t fourcc;
  bool isFullRange;
  Fields fields = Fields::inPlace;
  /** Of the second and third plane in memory, if the format has its planes in several; 0 as above. */
  std::array<int, kMostPlanes - 1> chromaBytesPerLine = {};
};

/** The four characters of a format, such as YUYV, and back. */
std::string fourccName(std::uint32_t fourcc);
std::uint32_t fourccOf(const std::string& name);
/** Motion JPEG has two names: V4L2, "Compressed Formats". */
bool isJpegFormat(std::uint32_t fourcc);

/** Lines of the frame that is shown. Fields of an odd number of lines lose their last one, so that chroma fits. */
int shownHeight(const V4l2Format& format);

enum class RawKind : std::uint8_t {
  /** 4:2:2, two pixels in four bytes. */
  packedLumaFirst,
  packedChromaFirst,
  /** Luma, then U and V in turn. */
  semiPlanar,
  planar,
  rgb,
  bgr,
  /** Four bytes a pixel, named by their order in memory. The unused one may hold a transparency. */
  bgrx,
  rgbx,
  xbgr,
  xrgb,
  grey,
};

/** One raw format. `isSwapped`: V comes before U. */
struct RawFormat {
  std::uint32_t fourcc;
  RawKind kind;
  bool isSwapped = false;
  /** Lines of the frame to a line of chroma; packed formats have chroma on each line. */
  int linesPerChroma = 1;
  /** A format whose planes lie in buffers of their own has more than one. */
  int memoryPlanes = 1;
  /** The least usual formats are chosen last. */
  bool isLastChoice = true;
};

/** Null for formats that are not raw, or unknown. */
const RawFormat* rawFormatOf(std::uint32_t fourcc);
std::span<const RawFormat> rawFormats();
bool isRgb(const RawFormat& raw);

/** Bytes of a frame's pixel, on average over the planes. */
double bytesPerPixel(const RawFormat& raw);
/** Bytes of a line of the first plane without padding. */
int leastBytesPerLine(const RawFormat& raw, int width);
/** Whether the line lengths of `format`, where it gives any, hold its width. */
bool hasLongEnoughLines(const RawFormat& raw, const V4l2Format& format);
/** Bytes that a plane in memory needs. The last line ends with its last pixel. `format` has at least one line. */
std::size_t leastSize(const RawFormat& raw, const V4l2Format& format, int memoryPlane);

/** A camera's buffer: one span for each plane in memory. */
using FrameBytes = std::array<std::span<const std::uint8_t>, kMostPlanes>;

/** The lines of one plane of colours. */
struct RawPlane {
  const std::uint8_t* start = nullptr;
  int stride = 0;
};

/** Checked against the buffer's size: every line of every plane may be read. */
struct RawFrame {
  std::array<RawPlane, kMostPlanes> planes;
  int width = 0;
  int height = 0;
  /** The lines end in the middle of a pair of pixels: packed formats of odd width. */
  bool isCut = false;
};

/** None if the buffer is too short, or if its lines are. */
std::optional<RawFrame> layOut(const RawFormat& raw, const V4l2Format& format, const FrameBytes& bytes);
/** The first or second field of a frame that holds both, one after the other in each plane. */
RawFrame fieldOf(const RawFormat& raw, const RawFrame& frame, int index);

}  // namespace callnative
