// Decodes a JPEG to I420 of video range and tells which rows are right.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <jpeglib.h>

#include "jpeg/normal-jpeg.h"
#include "jpeg/row-damage.h"
#include "pixels/frame-verdict.h"

namespace callnative {

/**
 * Serves one thread at a time and reuses its memory. It uses libjpeg's own interface, because TurboJPEG reports only the
 * first warning of a frame and not where it arose.
 */
class JpegDecoder {
 public:
  JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  /**
   * Fills `target` (i420Size bytes). The missing rows of a damaged frame are those of `previous`, a frame of the same size:
   * most of a camera's picture stays as it is, and grey bars would flicker. Without one (null) they are grey.
   */
  FrameVerdict decode(const NormalJpeg& jpeg, int width, int height, std::uint8_t* target, const std::uint8_t* previous);

 private:
  struct Errors {
    jpeg_error_mgr manager;
    std::jmp_buf jump;
    JpegDecoder* decoder;
  };
  static void onError(j_common_ptr info);
  static void onMessage(j_common_ptr info, int level);
  static boolean resync(j_decompress_ptr info, int desired);

  bool decodeRows(std::uint8_t* target);
  bool isPlanar() const;
  void readRow(std::uint8_t* target);
  void writeLuma(int row, std::uint8_t* target) const;
  void writeChroma(int row, std::uint8_t* target);
  FrameVerdict judge(std::uint8_t* target, const std::uint8_t* previous);
  void copyRow(int row, std::uint8_t* target, const std::uint8_t* previous) const;
  void warn(int code);
  void onExtraneous(int count, bool isAtEnd);
  std::size_t offset() const;

  jpeg_decompress_struct info_{};
  Errors errors_{};
  jpeg_source_mgr source_{};
  const NormalJpeg* jpeg_ = nullptr;
  int width_ = 0;
  int height_ = 0;
  /** Luma lines of one row of MCUs. */
  int lines_ = 0;
  int rowsRead_ = 0;
  FaultSet faults_;
  RowDamage damage_;
  /** One row of MCUs, of each component. */
  std::vector<std::uint8_t> samples_;
  std::vector<std::uint8_t> line_;
};

}  // namespace callnative
