// See row-damage.h.
#include "jpeg/row-damage.h"

#include <algorithm>

namespace callnative {

void RowDamage::reset(const JpegLayout& layout) {
  layout_ = &layout;
  rows_.assign(static_cast<std::size_t>(layout.mcuRows), 0);
  for (const int interval : layout.merged) spoil(rowsOf(interval));
}

void RowDamage::spoilInterval(int row, std::size_t offset) {
  if (!layout_->isOneScan) return spoil({0, layout_->mcuRows - 1});
  const std::vector<std::size_t>& markers = layout_->restarts;
  const auto ended = std::lower_bound(markers.begin(), markers.end(), offset, [](std::size_t at, std::size_t end) { return at + 2 < end; });
  const int interval = static_cast<int>(ended - markers.begin());
  // Directly behind a marker the decoder may be at the end of one interval or at the start of the next.
  const bool isBehindMarker = ended != markers.end() && *ended + 2 == offset;
  for (int candidate = interval; candidate <= interval + (isBehindMarker ? 1 : 0); candidate++) {
    const Range rows = rowsOf(candidate);
    if (rows.first <= row && row <= rows.last) spoil(rows);
  }
  spoil({std::min(row, layout_->mcuRows - 1), std::min(row, layout_->mcuRows - 1)});
}

bool RowDamage::isInLastInterval(std::size_t offset) const {
  return layout_->restarts.empty() || offset > layout_->restarts.back() + 2;
}

int RowDamage::count() const { return static_cast<int>(std::count(rows_.begin(), rows_.end(), 1)); }

RowDamage::Range RowDamage::rowsOf(int interval) const {
  const int last = layout_->mcuRows - 1;
  const std::int64_t length = layout_->restartInterval;
  if (length == 0) return {0, last};
  // libjpeg does not go on behind the last marker, so what follows is missing too.
  const bool isLast = static_cast<std::size_t>(interval) >= layout_->restarts.size();
  const std::int64_t from = interval * length / layout_->mcusPerRow;
  const std::int64_t to = ((interval + 1) * length - 1) / layout_->mcusPerRow;
  return {static_cast<int>(std::min<std::int64_t>(from, last)), isLast ? last : static_cast<int>(std::min<std::int64_t>(to, last))};
}

void RowDamage::spoil(Range rows) {
  std::fill(rows_.begin() + rows.first, rows_.begin() + rows.last + 1, 1);
}

}  // namespace callnative
