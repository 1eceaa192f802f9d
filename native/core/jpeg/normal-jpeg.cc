// Reads the segments and the coded data once, from start to end, and copies what belongs to the picture.
#include "jpeg/normal-jpeg.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "jpeg/restart-markers.h"
#include "jpeg/standard-tables.h"

namespace callnative {

namespace {

constexpr std::uint8_t kMarker = 0xFF;
constexpr std::uint8_t kStuffing = 0x00;
constexpr std::uint8_t kTemporary = 0x01;
constexpr std::uint8_t kBaseline = 0xC0;
constexpr std::uint8_t kProgressive = 0xC2;
constexpr std::uint8_t kHuffmanTables = 0xC4;
constexpr std::uint8_t kReserved = 0xC8;
constexpr std::uint8_t kArithmeticTables = 0xCC;
constexpr std::uint8_t kLastFrameHeader = 0xCF;
constexpr std::uint8_t kFirstRestart = 0xD0;
constexpr std::uint8_t kLastRestart = 0xD7;
constexpr std::uint8_t kStart = 0xD8;
constexpr std::uint8_t kEnd = 0xD9;
constexpr std::uint8_t kScan = 0xDA;
constexpr std::uint8_t kQuantisation = 0xDB;
constexpr std::uint8_t kLines = 0xDC;
constexpr std::uint8_t kRestartInterval = 0xDD;
constexpr std::uint8_t kFirstApplication = 0xE0;
constexpr std::uint8_t kAdobe = 0xEE;
constexpr std::uint8_t kLastApplication = 0xEF;
constexpr std::uint8_t kComment = 0xFE;

constexpr int kBlock = 8;
/** Start, tables in up to four segments, end. */
constexpr std::size_t kMostAdded = 2 + kHuffmanTablesSize + 3 * 4 + 2;
/** The JFIF segment without a thumbnail. */
constexpr std::size_t kJfifSize = 18;

bool isRestart(std::uint8_t marker) { return marker >= kFirstRestart && marker <= kLastRestart; }
bool standsAlone(std::uint8_t marker) { return isRestart(marker) || marker == kStart || marker == kTemporary; }
bool isFrameHeader(std::uint8_t marker) {
  return marker >= kBaseline && marker <= kLastFrameHeader && marker != kHuffmanTables && marker != kReserved &&
         marker != kArithmeticTables;
}
/** A marker with which a header goes on, where the start marker is missing. */
bool beginsHeader(std::uint8_t marker) {
  return marker == kQuantisation || marker == kHuffmanTables || marker == kRestartInterval || marker == kComment ||
         isFrameHeader(marker) || (marker >= kFirstApplication && marker <= kLastApplication);
}

bool holds(std::span<const std::uint8_t> segment, const char* name) {
  const std::size_t length = std::strlen(name);
  return segment.size() >= 4 + length && std::memcmp(segment.data() + 4, name, length) == 0;
}

int number(std::span<const std::uint8_t> bytes, std::size_t at) { return bytes[at] << 8 | bytes[at + 1]; }

/** Kind 0: DC, 1: AC. */
unsigned tableBit(int kind, int id) { return 1U << (4 * (kind & 1) + (id & 3)); }

int unitsIn(int size, int unit) { return (size + unit - 1) / unit; }

/** Offset of the first `byte` from `at` on; the size without one. */
std::size_t find(std::span<const std::uint8_t> bytes, std::size_t at, std::uint8_t byte) {
  if (at >= bytes.size()) return bytes.size();
  const void* found = std::memchr(bytes.data() + at, byte, bytes.size() - at);
  return found == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data());
}

}  // namespace

std::size_t findJpegStart(std::span<const std::uint8_t> bytes) {
  for (std::size_t at = find(bytes, 0, kMarker); at + 2 < bytes.size(); at = find(bytes, at + 1, kMarker)) {
    if (bytes[at + 1] == kStart && bytes[at + 2] == kMarker) return at;
  }
  return bytes.size();
}

bool NormalJpeg::read(Bytes camera, int width, int height) {
  in_ = camera;
  at_ = 0;
  length_ = 0;
  width_ = width;
  height_ = height;
  rest_ = {};
  faults_ = {};
  tables_ = 0;
  hasFrameHeader_ = isSequential_ = isEnded_ = false;
  layout_.restartInterval = 0;
  layout_.hasEnd = layout_.isOneScan = false;
  layout_.restarts.clear();
  layout_.merged.clear();
  // Grows with the camera's largest buffer, then stays.
  if (const std::size_t needed = camera.size() + kMostAdded + kMostRestartBytes; out_.size() < needed) out_.resize(needed);
  const bool isRead = findStart() && readPicture();
  rest_ = in_.subspan(std::min(at_, in_.size()));
  return isRead;
}

bool NormalJpeg::readPicture() {
  write(std::array{kMarker, kStart});
  if (!readHeader()) return false;
  readScan();
  if (layout_.isOneScan) {
    length_ = orderRestarts(layout_, faults_, out_, scanHeader_, length_);
    if (faults_.has(FrameFault::restartInterval)) scanHeader_ += 6;
  } else if (!readFurtherScans()) {
    return false;
  }
  if (!layout_.hasEnd) faults_.add(FrameFault::noEndMarker);
  write(std::array{kMarker, kEnd});
  return true;
}

bool NormalJpeg::findStart() {
  const auto markerAt = [&](std::size_t at) { return at + 1 < in_.size() && in_[at] == kMarker ? in_[at + 1] : std::uint8_t{0}; };
  if (markerAt(0) == kStart) {
    at_ = 2;
    return true;
  }
  const bool isHalf = !in_.empty() && in_[0] == kStart && beginsHeader(markerAt(1));
  if (isHalf || beginsHeader(markerAt(0))) {
    at_ = isHalf ? 1 : 0;
    faults_.add(FrameFault::noStartMarker);
    return true;
  }
  at_ = findJpegStart(in_);
  if (at_ == in_.size()) return fail(FrameFault::notJpeg);
  at_ += 2;
  faults_.add(FrameFault::bytesBeforeStart);
  return true;
}

bool NormalJpeg::readHeader() {
  while (nextMarker()) {
    const std::uint8_t marker = in_[at_ + 1];
    if (marker == kEnd) return fail(FrameFault::notJpeg);
    if (standsAlone(marker)) {
      faults_.add(FrameFault::strayBytes);
      at_ += 2;
      continue;
    }
    if (marker == kScan) return readScanHeader();
    if (!readSegment(marker)) return false;
  }
  return fail(FrameFault::cutShort);
}

bool NormalJpeg::nextMarker() {
  for (const std::size_t from = at_;;) {
    at_ = find(in_, at_, kMarker);
    while (at_ + 1 < in_.size() && in_[at_ + 1] == kMarker) at_++;
    if (at_ + 1 >= in_.size()) return false;
    if (in_[at_ + 1] != kStuffing) {
      // Any number of fill bytes may precede a marker.
      const auto isStray = [](std::uint8_t byte) { return byte != kMarker; };
      if (std::any_of(in_.begin() + static_cast<std::ptrdiff_t>(from), in_.begin() + static_cast<std::ptrdiff_t>(at_), isStray)) {
        faults_.add(FrameFault::strayBytes);
      }
      return true;
    }
    at_ += 2;
  }
}

/** Marker and segment; 0 when the bytes end before it does. */
std::size_t NormalJpeg::segmentLength() const {
  if (at_ + 4 > in_.size()) return 0;
  const int length = number(in_, at_ + 2);
  const std::size_t whole = 2 + static_cast<std::size_t>(length);
  return length < 2 || at_ + whole > in_.size() ? 0 : whole;
}

bool NormalJpeg::readSegment(std::uint8_t marker) {
  const std::size_t length = segmentLength();
  if (length == 0) return fail(FrameFault::cutShort);
  const Bytes segment = in_.subspan(at_, length);
  at_ += length;
  if (isFrameHeader(marker)) return readFrameHeader(segment, marker);
  if (marker == kRestartInterval && length == 6) layout_.restartInterval = number(segment, 4);
  if (marker == kHuffmanTables) noteTables(segment);
  const bool isNeeded = marker == kHuffmanTables || marker == kQuantisation || marker == kRestartInterval ||
                        (marker == kFirstApplication && holds(segment, "JFIF") && length == kJfifSize) ||
                        (marker == kAdobe && holds(segment, "Adobe"));
  if (isNeeded) write(segment);
  return true;
}

/** Remembers which tables a DHT segment defines. */
void NormalJpeg::noteTables(Bytes segment) {
  constexpr std::size_t kCounts = 17;
  for (std::size_t at = 4; at + kCounts <= segment.size();) {
    tables_ |= tableBit(segment[at] >> 4, segment[at] & 15);
    std::size_t codes = 0;
    for (std::size_t length = 1; length < kCounts; length++) codes += segment[at + length];
    at += kCounts + codes;
  }
}

/** Decoders assume the standard tables where a scan names others than were sent. */
void NormalJpeg::addMissingTables(Bytes scanHeader) {
  if (tables_ == 0) {
    write(kStandardTables);
    tables_ = tableBit(0, 0) | tableBit(0, 1) | tableBit(1, 0) | tableBit(1, 1);
    return;
  }
  if (!isSequential_) return;
  for (std::size_t i = 0; i < scanHeader[4] && 6 + 2 * i < scanHeader.size(); i++) {
    addTable(0, scanHeader[6 + 2 * i] >> 4);
    addTable(1, scanHeader[6 + 2 * i] & 15);
  }
}

void NormalJpeg::addTable(int kind, int id) {
  if (id > 1 || (tables_ & tableBit(kind, id)) != 0) return;
  tables_ |= tableBit(kind, id);
  const auto table = standardTable(kind, id);
  const std::size_t length = table.size() + 2;
  write(std::array{kMarker, kHuffmanTables, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)});
  write(table);
}

bool NormalJpeg::readFrameHeader(Bytes segment, std::uint8_t marker) {
  if (hasFrameHeader_) {
    faults_.add(FrameFault::strayBytes);
    return true;
  }
  constexpr std::size_t kComponents = 10;
  if (segment.size() < kComponents) return fail(FrameFault::cutShort);
  const std::size_t count = segment[kComponents - 1];
  const bool isKnown = marker <= kProgressive && segment[4] == 8 && (count == 1 || count == 3) &&
                       segment.size() >= kComponents + 3 * count;
  if (!isKnown) return fail(FrameFault::unsupported);
  int across = 1;
  int down = 1;
  for (std::size_t component = 0; component < count; component++) {
    const std::uint8_t sampling = segment[kComponents + 3 * component + 1];
    across = std::max(across, sampling >> 4);
    down = std::max(down, sampling & 15);
  }
  // The blocks of a single component are coded line by line, whatever its sampling says.
  if (count == 1) across = down = 1;
  layout_.mcusPerRow = unitsIn(width_, across * kBlock);
  layout_.mcuRows = unitsIn(height_, down * kBlock);
  const int height = number(segment, 5);
  const int width = number(segment, 7);
  if (width != width_ || height != height_) {
    // The height may follow in a DNL segment. Another size of the same blocks crops the same picture.
    const bool isSame = unitsIn(width, across * kBlock) == layout_.mcusPerRow &&
                        (height == 0 || unitsIn(height, down * kBlock) == layout_.mcuRows);
    if (!isSame) return fail(FrameFault::otherSize);
    faults_.add(FrameFault::sizeInHeader);
  }
  std::uint8_t* header = out_.data() + length_;
  write(segment);
  const auto put = [&](std::size_t at, int value) {
    header[at] = static_cast<std::uint8_t>(value >> 8);
    header[at + 1] = static_cast<std::uint8_t>(value);
  };
  put(5, height_);
  put(7, width_);
  if (count == 1) header[kComponents + 1] = 0x11;
  components_ = count;
  isSequential_ = marker != kProgressive;
  return hasFrameHeader_ = true;
}

bool NormalJpeg::readScanHeader() {
  const std::size_t length = segmentLength();
  if (length < 5) return fail(FrameFault::cutShort);
  if (!hasFrameHeader_) return fail(FrameFault::notJpeg);
  layout_.isOneScan = isSequential_ && in_[at_ + 4] == components_;
  addMissingTables(in_.subspan(at_, length));
  scanHeader_ = length_;
  write(in_.subspan(at_, length));
  at_ += length;
  return true;
}

void NormalJpeg::readScan() {
  while (at_ < in_.size()) {
    const std::size_t marker = find(in_, at_, kMarker);
    write(in_.subspan(at_, marker - at_));
    at_ = marker;
    while (at_ + 1 < in_.size() && in_[at_ + 1] == kMarker) at_++;
    if (at_ + 1 >= in_.size()) break;
    const std::uint8_t code = in_[at_ + 1];
    if (code != kStuffing && endsScan(code)) return;
    if (code == kLines && segmentLength() == 6) {
      // The mode's height is in the frame header already.
      at_ += 6;
      continue;
    }
    if (isRestart(code)) layout_.restarts.push_back(length_);
    else if (code != kStuffing) faults_.add(FrameFault::strayBytes);
    // A marker that cannot stand here stays: the decoder stops at it, and goes on at the next restart marker.
    write(in_.subspan(at_, 2));
    at_ += 2;
  }
  at_ = in_.size();
  isEnded_ = true;
}

bool NormalJpeg::endsScan(std::uint8_t marker) {
  if (marker == kEnd) {
    at_ += 2;
    return layout_.hasEnd = isEnded_ = true;
  }
  const bool isNextPicture = marker == kStart && (at_ + 2 >= in_.size() || in_[at_ + 2] == kMarker);
  if (isNextPicture) return isEnded_ = true;
  return !layout_.isOneScan && !isRestart(marker) && marker != kLines;
}

/** The other scans of a progressive JPEG, or of one that codes its components one after the other. */
bool NormalJpeg::readFurtherScans() {
  while (!isEnded_ && nextMarker()) {
    const std::uint8_t marker = in_[at_ + 1];
    if (marker == kScan) {
      if (!readScanHeader()) return false;
      readScan();
    } else if (marker == kEnd) {
      endsScan(marker);
    } else if (standsAlone(marker)) {
      at_ += 2;
    } else if (!readSegment(marker)) {
      return false;
    }
  }
  // Each scan concerns all rows, so nothing tells what is missing.
  if (!layout_.hasEnd) return fail(FrameFault::cutShort);
  layout_.isOneScan = false;
  return true;
}

int NormalJpeg::trim() {
  if (!layout_.isOneScan || !codedData_.readHeader(bytes(), scanHeader_)) return 0;
  int wrong = 0;
  const std::size_t end = length_ - 2;
  std::size_t from = scanHeader_ + 2 + static_cast<std::size_t>(number(bytes(), scanHeader_ + 2));
  std::size_t to = from;
  std::size_t interval = 0;
  for (int left = layout_.mcusPerRow * layout_.mcuRows; left > 0; interval++) {
    const bool isLast = interval == layout_.restarts.size();
    const std::size_t marker = isLast ? end : layout_.restarts[interval];
    const int mcus = isLast || layout_.restartInterval == 0 ? left : std::min(left, layout_.restartInterval);
    const auto coded = codedData_.lengthOf(bytes().subspan(from, marker - from), mcus);
    if (!coded) wrong += mcus;
    const std::size_t length = coded.value_or(marker - from);
    std::memmove(out_.data() + to, out_.data() + from, length);
    to += length;
    left -= mcus;
    // What follows the last MCU belongs to nothing.
    const std::size_t next = left == 0 ? end : marker;
    std::memmove(out_.data() + to, out_.data() + next, 2);
    if (left > 0) layout_.restarts[interval] = to;
    to += 2;
    from = marker + 2;
  }
  layout_.restarts.resize(interval - 1);
  length_ = to;
  return wrong;
}

bool NormalJpeg::fail(FrameFault fault) {
  faults_.add(fault);
  return false;
}

void NormalJpeg::write(Bytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(out_.data() + length_, bytes.data(), bytes.size());
  length_ += bytes.size();
}

}  // namespace callnative
