// A camera's own JPEG as browsers take it. Pixels are not known here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace callnative {

/** The most that copyWholeJpeg adds. */
constexpr std::size_t kHuffmanTablesSize = 420;

/**
 * Copies a JPEG from its start to its end marker, without what a camera pads behind it, and with the standard Huffman
 * tables (ITU-T T.81, K.3) where it has none, as motion JPEG may. Everything else stays as the camera made it.
 * Returns the length, or 0 where the bytes are no whole JPEG or do not fit.
 */
std::size_t copyWholeJpeg(std::span<const std::uint8_t> jpeg, std::span<std::uint8_t> target);

}  // namespace callnative
