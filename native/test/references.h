// What the kernels have to answer: the wording of the standard, on copies, with no thought for speed.
#ifndef H264_SEI_NATIVE_TEST_REFERENCES_H_
#define H264_SEI_NATIVE_TEST_REFERENCES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

// The index of each `00 00 third`.
inline std::vector<uint32_t> reference_scan(const std::vector<uint8_t>& data, uint8_t third) {
  std::vector<uint32_t> offsets;
  for (size_t i = 0; i + 2 < data.size(); ++i) {
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == third) offsets.push_back(static_cast<uint32_t>(i));
  }
  return offsets;
}

inline std::vector<uint8_t> reference_escape(const std::vector<uint8_t>& source) {
  std::vector<uint8_t> escaped;
  size_t after_escape = 0;
  for (uint8_t byte : source) {
    const size_t size = escaped.size();
    if (size >= after_escape + 2 && escaped[size - 1] == 0 && escaped[size - 2] == 0 && byte <= 3) {
      escaped.push_back(3);
      after_escape = escaped.size();
    }
    escaped.push_back(byte);
  }
  return escaped;
}

inline std::vector<uint8_t> reference_unescape(const std::vector<uint8_t>& source) {
  std::vector<uint8_t> rbsp;
  for (size_t i = 0; i < source.size();) {
    if (i + 2 < source.size() && source[i] == 0 && source[i + 1] == 0 && source[i + 2] == 3) {
      rbsp.insert(rbsp.end(), {0, 0});
      i += 3;
    } else {
      rbsp.push_back(source[i++]);
    }
  }
  return rbsp;
}

#endif  // H264_SEI_NATIVE_TEST_REFERENCES_H_
