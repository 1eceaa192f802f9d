// Finds where the coded data of an interval ends, by reading its Huffman codes without computing any sample.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace callnative {

/**
 * Reads the codes of a sequential scan. ITU-T T.81, F.2.2. Only the codes tell data from bytes that a camera added behind it:
 * the data itself may end with zeros.
 */
class CodedData {
 public:
  /** Takes tables and components from a JPEG's header. Returns false for a header that lacks some. */
  bool readHeader(std::span<const std::uint8_t> jpeg, std::size_t scanHeader);

  /**
   * The length of the coded data of `mcus` MCUs at the start of `bytes`; none when they do not hold it, or hold a code that
   * the tables lack. libjpeg's fast path takes such a code for zero and says nothing.
   */
  std::optional<std::size_t> lengthOf(std::span<const std::uint8_t> bytes, int mcus) const;

 private:
  static constexpr int kQuickBits = 9;

  struct Table {
    std::array<std::uint8_t, 256> values{};
    /** The largest code of each length, and the index of its value less that code; see T.81, F.2.2.3. */
    std::array<int, 17> most{};
    std::array<int, 17> offset{};
    /** By the next bits: length << 8 | value; 0 where the code is longer. */
    std::array<std::uint16_t, 1 << kQuickBits> quick{};
    bool isSet = false;
  };
  struct Block {
    int dc;
    int ac;
  };
  class Bits;

  std::size_t readTable(std::span<const std::uint8_t> definition);
  void readTables(std::span<const std::uint8_t> segment);
  static int codeFrom(Bits& bits, const Table& table);
  static void skipBlock(Bits& bits, const Table& dc, const Table& ac);

  /** DC, then AC. */
  std::array<std::array<Table, 4>, 2> tables_;
  std::array<Block, 64> blocks_{};
  std::size_t blocksInMcu_ = 0;
};

}  // namespace callnative
