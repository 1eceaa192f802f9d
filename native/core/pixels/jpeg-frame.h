// Makes a camera's own JPEG acceptable to browsers, without decoding it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace callnative {

/** The most bytes that copyWholeJpeg adds. */
constexpr std::size_t kHuffmanTablesSize = 420;

/**
 * Copies a JPEG from its start to its end marker, without the padding that cameras append. Motion JPEG may lack Huffman
 * tables; then the standard ones (ITU-T T.81, K.3) are inserted. Everything else stays as the camera made it.
 * Returns the length, or 0 when the bytes are not a whole JPEG or do not fit.
 */
std::size_t copyWholeJpeg(std::span<const std::uint8_t> jpeg, std::span<std::uint8_t> target);

}  // namespace callnative
