// Base64 of RFC 4648, section 4, with padding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace callnative {

/** Number of characters for `bytes` bytes, padding included. */
constexpr std::size_t base64Size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

/** Writes base64Size(length) characters without a terminating zero. */
void encodeBase64(const std::uint8_t* data, std::size_t length, std::uint8_t* text);

}  // namespace callnative
