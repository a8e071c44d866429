// Memory between two pages that nothing may touch.
#ifndef H264_SEI_NATIVE_TEST_GUARDED_MEMORY_H_
#define H264_SEI_NATIVE_TEST_GUARDED_MEMORY_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

class GuardedMemory {
 public:
  // At least `size` bytes, all zero.
  explicit GuardedMemory(size_t size) : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    size_ = (size + page_ - 1) / page_ * page_;
    void* memory = mmap(nullptr, size_ + 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    begin_ = static_cast<uint8_t*>(memory) + page_;
    if (mprotect(begin_ - page_, page_, PROT_NONE) != 0) std::abort();
    if (mprotect(begin_ + size_, page_, PROT_NONE) != 0) std::abort();
  }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;
  ~GuardedMemory() { munmap(begin_ - page_, size_ + 2 * page_); }

  // The first byte behind a guard.
  uint8_t* first() { return begin_; }

  // `size` bytes, the last of which is the last before a guard.
  uint8_t* last(size_t size) { return begin_ + size_ - size; }

 private:
  size_t page_;
  size_t size_;
  uint8_t* begin_;
};

#endif  // H264_SEI_NATIVE_TEST_GUARDED_MEMORY_H_
