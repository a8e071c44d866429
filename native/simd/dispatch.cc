#include "dispatch.h"

#include <cstring>

namespace h264_sei {
namespace simd {

namespace {

KernelRegistration* first = nullptr;

}  // namespace

KernelRegistration::KernelRegistration(const Kernel& kernel) : kernel_(kernel) {
  if (first == nullptr || first->kernel_.priority < kernel.priority) {
    next_ = first;
    first = this;
    return;
  }
  KernelRegistration* before = first;
  while (before->next_ != nullptr && before->next_->kernel_.priority >= kernel.priority) {
    before = before->next_;
  }
  next_ = before->next_;
  before->next_ = this;
}

const KernelRegistration* registered_kernels() { return first; }

const Kernel& best_kernel() {
  const KernelRegistration* candidate = first;
  // Ends at the scalar kernel at the latest, which runs everywhere.
  while (!candidate->kernel().usable()) candidate = candidate->next();
  return candidate->kernel();
}

const Kernel* find_kernel(const char* name) {
  for (const KernelRegistration* candidate = first; candidate != nullptr; candidate = candidate->next()) {
    const Kernel& kernel = candidate->kernel();
    if (std::strcmp(kernel.name, name) == 0 && kernel.usable()) return &kernel;
  }
  return nullptr;
}

}  // namespace simd
}  // namespace h264_sei
