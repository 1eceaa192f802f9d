// Tells which rows of a picture a fault in its coded data concerns. Rows are those of MCUs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "jpeg/restart-markers.h"

namespace callnative {

class RowDamage {
 public:
  /** Begins a picture. `layout` stays as it is until the next one. */
  void reset(const JpegLayout& layout);

  /**
   * The decoder, in row `row` and at byte `offset` of the JPEG, found a wrong code, or an end before the last MCU of an
   * interval. What is wrong arose earlier in the interval, so all of its rows count as damaged.
   */
  void spoilInterval(int row, std::size_t offset);
  /** The same where the camera sent no end marker and the bytes end: what came before is right. */
  void spoilRest(int row) { spoil({row < layout_->mcuRows ? row : layout_->mcuRows - 1, layout_->mcuRows - 1}); }
  /** Whether `offset` lies behind the last restart marker. */
  bool isInLastInterval(std::size_t offset) const;

  bool isDamaged(int row) const { return rows_[static_cast<std::size_t>(row)] != 0; }
  int count() const;

 private:
  struct Range {
    int first;
    int last;
  };

  Range rowsOf(int interval) const;
  void spoil(Range rows);

  const JpegLayout* layout_ = nullptr;
  std::vector<std::uint8_t> rows_;
};

}  // namespace callnative
