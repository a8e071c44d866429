// Which kernels there are and which one this processor gets.
//
// A kernel joins by a static `KernelRegistration` in its own file; nothing else names it. Why this is safe here:
//   - Order: the head of the list is constant-initialized (a null pointer), which the language does before any dynamic
//     initializer runs, and a registration only links itself in. So files may be initialized in any order; the list
//     is kept sorted by priority. No destructor runs at exit.
//   - Linkers: the addon is linked from object files, not from an archive, so no file is left out because nobody names
//     it; --gc-sections keeps initializers (.init_array, .CRT$XCU, __mod_init_func) with -ffunction-sections too.
//   - Threads: the list is written only while the library is being loaded and read only afterwards.
// Linker-made arrays (a section of pointers) would do without initializers but are spelled differently for ELF, Mach-O
// and COFF.
#ifndef H264_SEI_NATIVE_SIMD_DISPATCH_H_
#define H264_SEI_NATIVE_SIMD_DISPATCH_H_

#include "kernel.h"

namespace h264_sei {
namespace simd {

// A node of the list of kernels. Must have static storage duration.
class KernelRegistration {
 public:
  explicit KernelRegistration(const Kernel& kernel);
  KernelRegistration(const KernelRegistration&) = delete;
  KernelRegistration& operator=(const KernelRegistration&) = delete;

  const Kernel& kernel() const { return kernel_; }
  const KernelRegistration* next() const { return next_; }

 private:
  const Kernel& kernel_;
  KernelRegistration* next_ = nullptr;
};

// All kernels in this binary, highest priority first, usable or not. Never empty: scalar is always there. Variants of
// one instruction set have one name; who asks for the name gets the usable one of the highest priority.
const KernelRegistration* registered_kernels();

// The usable kernel of the highest priority.
const Kernel& best_kernel();

// The first usable kernel of that name, or null.
const Kernel* find_kernel(const char* name);

}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_DISPATCH_H_
