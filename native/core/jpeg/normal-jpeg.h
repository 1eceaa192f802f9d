// Makes a standard JPEG of what a camera sends, without decoding it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "jpeg/coded-data.h"
#include "jpeg/restart-markers.h"
#include "pixels/frame-verdict.h"

namespace callnative {

/** Offset of the first start marker; the size without one. */
std::size_t findJpegStart(std::span<const std::uint8_t> bytes);

/**
 * Reads one frame after the other and reuses its memory. The result is one picture from start to end marker of exactly the
 * mode's size, without application data, padding and fill bytes, with Huffman tables and with restart markers in sequence.
 * ITU-T T.81, annex B.
 */
class NormalJpeg {
 public:
  /** Returns false when `camera` holds no JPEG of that size that this project decodes; faults() has the reason. */
  bool read(std::span<const std::uint8_t> camera, int width, int height);

  /**
   * Removes what the camera added behind the data of an interval. A decoder that warns of it shows the same picture, but not
   * every decoder does. To be called after a frame was found undamaged. Returns how many MCUs belong to intervals with wrong
   * codes all the same.
   */
  int trim();

  std::span<const std::uint8_t> bytes() const { return {out_.data(), length_}; }
  const JpegLayout& layout() const { return layout_; }
  FaultSet faults() const { return faults_; }
  /** What follows the picture. Some cameras send a cut picture, and a whole one behind it. */
  std::span<const std::uint8_t> rest() const { return rest_; }

 private:
  using Bytes = std::span<const std::uint8_t>;

  bool readPicture();
  bool findStart();
  bool readHeader();
  /** Moves to the next marker, behind fill and stray bytes; false at the end. */
  bool nextMarker();
  bool readSegment(std::uint8_t marker);
  bool readFrameHeader(Bytes segment, std::uint8_t marker);
  bool readScanHeader();
  void noteTables(Bytes segment);
  void addMissingTables(Bytes scanHeader);
  void addTable(int kind, int id);
  /** Copies coded data, up to the next marker that is no restart marker. */
  void readScan();
  bool endsScan(std::uint8_t marker);
  bool readFurtherScans();
  bool fail(FrameFault fault);
  void write(Bytes bytes);
  std::size_t segmentLength() const;

  std::vector<std::uint8_t> out_;
  std::size_t length_ = 0;
  Bytes in_;
  std::size_t at_ = 0;
  Bytes rest_;
  int width_ = 0;
  int height_ = 0;
  std::size_t components_ = 0;
  bool hasFrameHeader_ = false;
  /** Bits of the Huffman tables defined so far. */
  unsigned tables_ = 0;
  bool isSequential_ = false;
  bool isEnded_ = false;
  /** Offset of the scan header in out_. */
  std::size_t scanHeader_ = 0;
  JpegLayout layout_;
  CodedData codedData_;
  FaultSet faults_;
};

}  // namespace callnative
