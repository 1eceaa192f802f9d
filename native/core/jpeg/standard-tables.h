// The Huffman tables that a decoder of Motion JPEG assumes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace callnative {

constexpr std::size_t kHuffmanTablesSize = 420;

/** One DHT segment with the four typical tables of ITU-T T.81, K.3: DC and AC of luminance, then of chrominance. */
extern const std::uint8_t kStandardTables[kHuffmanTablesSize];

/** One of them, without marker and length. Kind 0: DC, 1: AC; id 0: luminance, 1: chrominance. */
std::span<const std::uint8_t> standardTable(int kind, int id);

}  // namespace callnative
