// The Node-API side of the addon: unpacks arguments, calls the codec, packs the result.
//
// What it exports is the interface of src/backend/backend.ts, whose caller has checked the arguments. They are checked
// here once more, as far as memory safety depends on it, and a TypeError is thrown where they are wrong. A call makes
// no object: it fills memory that JavaScript has allocated and answers a number.
//
// All state belongs to an environment, so that worker threads and contexts each choose their kernel.
#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "codec/bytes.h"
#include "codec/emulation_prevention.h"
#include "codec/format_detection.h"
#include "codec/framing.h"
#include "codec/insertion.h"
#include "codec/locate.h"
#include "codec/nal_unit_bounds.h"
#include "codec/sei_extraction.h"
#include "codec/sei_removal.h"
#include "codec/splice.h"
#include "simd/dispatch.h"
#include "simd/kernel.h"

namespace {

using h264_sei::Bytes;
using h264_sei::Framing;
using h264_sei::Location;
using h264_sei::NalUnitBounds;
using h264_sei::NalUnits;
using h264_sei::SeiRecord;
using h264_sei::Target;
using h264_sei::simd::Kernel;

struct Environment {
  const Kernel* kernel = &h264_sei::simd::best_kernel();
};

// Offsets in a frame stay below this, as in src/codec/limits.ts.
constexpr size_t kMaxFrameSize = 0x7fffffff;

// NAL units up to this number need no memory from the heap.
constexpr size_t kUsualNalUnits = 8;

bool is_framing(Framing value) {
  for (const Framing framing : {Framing::kDetect, Framing::kAnnexB, Framing::kRtp, Framing::kAvcc, Framing::kAvcc1,
                                Framing::kAvcc2, Framing::kAvcc4}) {
    if (value == framing) return true;
  }
  return false;
}

bool is_known(Framing framing) { return framing != Framing::kDetect && framing != Framing::kAvcc; }

// The NAL units of one call.
class NalUnitList {
 public:
  NalUnits view() const { return {count_ > kUsualNalUnits ? many_.data() : few_, count_}; }

  Bytes* resize(size_t count) {
    count_ = count;
    if (count <= kUsualNalUnits) return few_;
    many_.resize(count);
    return many_.data();
  }

 private:
  size_t count_ = 0;
  Bytes few_[kUsualNalUnits];
  std::vector<Bytes> many_;
};

// The arguments of one call. The first that is wrong throws a TypeError in JavaScript and makes failed() true.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMaxCount;
    void* environment = nullptr;
    // Arguments that are absent are filled in as undefined.
    failed_ = napi_get_cb_info(env, info, &count, values_, nullptr, &environment) != napi_ok;
    environment_ = static_cast<Environment*>(environment);
  }

  bool failed() const { return failed_; }
  Environment& environment() const { return *environment_; }
  const Kernel& kernel() const { return *environment_->kernel; }

  // Bytes to read. A detached buffer has none.
  Bytes bytes(size_t index) {
    const Target memory = uint8_array(index);
    if (memory.size > kMaxFrameSize) fail(index, "must have less than 2 GiB");
    return {memory.data, memory.size};
  }

  // Bytes to write to.
  Target target(size_t index) { return uint8_array(index); }

  // Numbers to write to: the first of them, null if there are none, and how many there are in `count`. Any view whose
  // memory is aligned will do, as Node-API looks for the type of a Uint32Array among those of six others first.
  uint32_t* uint32_array(size_t index, size_t& count) {
    void* data = nullptr;
    size_t size = 0;
    bool is_view = false;
    if (!failed_ && napi_is_buffer(env_, values_[index], &is_view) == napi_ok && is_view &&
        napi_get_buffer_info(env_, values_[index], &data, &size) == napi_ok &&
        reinterpret_cast<uintptr_t>(data) % alignof(uint32_t) == 0) {
      count = size / sizeof(uint32_t);
      return static_cast<uint32_t*>(data);
    }
    if (!typed_array(values_[index], napi_uint32_array, data, count)) fail(index, "must be a Uint32Array");
    return static_cast<uint32_t*>(data);
  }

  // An array of Uint8Array, or one Uint8Array by itself, which saves the array's and its element's 40 ns. Reading the
  // elements may run a getter, which may detach any buffer. So this comes before the other arguments, and here the
  // elements are read before the memory of the first is asked for.
  void nal_units(size_t index, NalUnitList& list) {
    if (failed_) return;
    if (nal_unit(values_[index], index, *list.resize(1))) return;
    uint32_t count = 0;
    if (napi_get_array_length(env_, values_[index], &count) != napi_ok) return fail(index, kNotNalUnits);
    napi_value few[kUsualNalUnits];
    std::vector<napi_value> many;
    for (uint32_t i = 0; i < count; ++i) {
      napi_value value = nullptr;
      if (napi_get_element(env_, values_[index], i, &value) != napi_ok) return fail(index, kNotNalUnits);
      if (count <= kUsualNalUnits) {
        few[i] = value;
      } else {
        many.push_back(value);
      }
    }
    const napi_value* values = count <= kUsualNalUnits ? few : many.data();
    Bytes* units = list.resize(count);
    for (uint32_t i = 0; i < count; ++i) {
      if (!nal_unit(values[i], index, units[i])) return fail(index, kNotNalUnits);
    }
  }

  // A value of Framing.
  Framing hint(size_t index) {
    uint32_t value = 0;
    if (!failed_ && napi_get_value_uint32(env_, values_[index], &value) == napi_ok &&
        is_framing(static_cast<Framing>(value))) {
      return static_cast<Framing>(value);
    }
    fail(index, "must be a framing");
    return Framing::kDetect;
  }

  // A value of Framing that names one framing.
  Framing framing(size_t index) {
    const Framing framing = hint(index);
    if (!is_known(framing)) fail(index, "must be a framing that is known");
    return framing;
  }

  // A location whose insertion point lies in `frame`, under a framing in which something can be inserted.
  Location location(size_t index, Bytes frame) {
    int64_t value = 0;
    if (!failed_ && napi_get_value_int64(env_, values_[index], &value) == napi_ok && value >= 0) {
      const Location location(value);
      const bool is_inside = location.has_insertion_point() && location.offset() < frame.size;
      if (is_inside && is_framing(location.framing()) && is_known(location.framing())) return location;
    }
    fail(index, "must be the location of the frame");
    return {};
  }

  uint64_t size(size_t index) {
    int64_t value = 0;
    const bool is_number = !failed_ && napi_get_value_int64(env_, values_[index], &value) == napi_ok;
    if (!is_number || value < 0) fail(index, "must be a number of bytes");
    return static_cast<uint64_t>(value);
  }

  bool boolean(size_t index) {
    bool value = false;
    if (failed_ || napi_get_value_bool(env_, values_[index], &value) != napi_ok) fail(index, "must be a boolean");
    return value;
  }

  // A short text in UTF-8, cut if it is longer; false if it is none.
  bool text(size_t index, char* target, size_t size) {
    if (!failed_ && napi_get_value_string_utf8(env_, values_[index], target, size, nullptr) == napi_ok) return true;
    fail(index, "must be a string");
    return false;
  }

  // Throws the TypeError, unless something has been thrown already.
  void fail(size_t index, const char* requirement) {
    if (failed_) return;
    failed_ = true;
    bool is_pending = false;
    napi_is_exception_pending(env_, &is_pending);
    if (is_pending) return;
    const std::string message = "argument " + std::to_string(index + 1) + " " + requirement;
    napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", message.c_str());
  }

 private:
  static constexpr size_t kMaxCount = 5;
  static constexpr const char* kNotNalUnits = "must be a Uint8Array or an array of them";

  Target uint8_array(size_t index) {
    void* data = nullptr;
    size_t size = 0;
    if (!typed_array(values_[index], napi_uint8_array, data, size)) fail(index, "must be a Uint8Array");
    return {static_cast<uint8_t*>(data), size};
  }

  bool nal_unit(napi_value value, size_t index, Bytes& unit) {
    void* data = nullptr;
    size_t size = 0;
    if (!typed_array(value, napi_uint8_array, data, size)) return false;
    if (size > kMaxFrameSize) fail(index, "must hold less than 2 GiB each");
    unit = {static_cast<const uint8_t*>(data), size};
    return true;
  }

  bool typed_array(napi_value value, napi_typedarray_type wanted, void*& data, size_t& length) {
    if (failed_) return false;
    napi_typedarray_type type = napi_int8_array;
    // Answers another status where the value is no typed array.
    const napi_status status = napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr);
    if (status == napi_ok && type == wanted) return true;
    data = nullptr;
    length = 0;
    return false;
  }

  napi_env env_;
  Environment* environment_ = nullptr;
  bool failed_ = false;
  napi_value values_[kMaxCount] = {};
};

// At most 2^39, which a double holds exactly.
napi_value number(napi_env env, int64_t value) {
  napi_value result = nullptr;
  // What fits 32 bits takes less time to make.
  if (value >= INT32_MIN && value <= INT32_MAX) {
    napi_create_int32(env, static_cast<int32_t>(value), &result);
  } else {
    napi_create_int64(env, value, &result);
  }
  return result;
}

napi_value number(napi_env env, size_t value) { return number(env, static_cast<int64_t>(value)); }

// scanStartCodes(data: Uint8Array, offsets: Uint32Array): number
napi_value scan_start_codes(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes data = arguments.bytes(0);
  size_t capacity = 0;
  uint32_t* offsets = arguments.uint32_array(1, capacity);
  if (arguments.failed()) return nullptr;
  return number(env, arguments.kernel().scan_start_codes(data.data, data.size, offsets, capacity));
}

// escapedLength(rbsp: Uint8Array): number
napi_value escaped_length(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes rbsp = arguments.bytes(0);
  if (arguments.failed()) return nullptr;
  return number(env, h264_sei::escaped_length(rbsp, arguments.kernel()));
}

// escape(rbsp: Uint8Array, target: Uint8Array): number, unescape(bytes: Uint8Array, target: Uint8Array): number
template <size_t (*kRewrite)(Bytes, Target, const Kernel&)>
napi_value rewrite(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes source = arguments.bytes(0);
  const Target target = arguments.target(1);
  if (arguments.failed()) return nullptr;
  const size_t written = kRewrite(source, target, arguments.kernel());
  if (written == h264_sei::simd::kNoRoom) {
    arguments.fail(1, "is too small");
    return nullptr;
  }
  return number(env, written);
}

// detect(data: Uint8Array, hint: number): number
napi_value detect(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes data = arguments.bytes(0);
  const Framing hint = arguments.hint(1);
  if (arguments.failed()) return nullptr;
  return number(env, int64_t{h264_sei::detect(data, hint, arguments.kernel())});
}

// locate(frame: Uint8Array, hint: number): number
napi_value locate(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes frame = arguments.bytes(0);
  const Framing hint = arguments.hint(1);
  if (arguments.failed()) return nullptr;
  return number(env, h264_sei::locate(frame, hint, arguments.kernel()).value());
}

// splice(frame: Uint8Array, nalUnits: Uint8Array | Uint8Array[], target: Uint8Array, location: number): number
napi_value splice(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  NalUnitList nal_units;
  arguments.nal_units(1, nal_units);
  const Bytes frame = arguments.bytes(0);
  const Target target = arguments.target(2);
  const Location location = arguments.location(3, frame);
  if (arguments.failed()) return nullptr;
  return number(env, h264_sei::splice(frame, nal_units.view(), target, location));
}

// inject(frame: Uint8Array, nalUnits: Uint8Array | Uint8Array[], target: Uint8Array, hint: number,
//   maxPacketSize: number): number
napi_value inject(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  NalUnitList nal_units;
  arguments.nal_units(1, nal_units);
  const Bytes frame = arguments.bytes(0);
  const Target target = arguments.target(2);
  const Framing hint = arguments.hint(3);
  const uint64_t max_packet_size = arguments.size(4);
  if (arguments.failed()) return nullptr;
  return number(env, h264_sei::inject(frame, nal_units.view(), target, hint, max_packet_size, arguments.kernel()));
}

// Rows of a table of numbers. Sound: a row is numbers without padding, aligned as they are.
template <typename Row>
Row* rows(uint32_t* numbers, size_t& count) {
  static_assert(sizeof(Row) % sizeof(uint32_t) == 0 && alignof(Row) == alignof(uint32_t));
  count /= sizeof(Row) / sizeof(uint32_t);
  return reinterpret_cast<Row*>(numbers);
}

// extractSeiRecords(frame: Uint8Array, hint: number, isFirstVclEnd: boolean, records: Uint32Array,
//   scratch: Uint8Array): number
napi_value extract_sei_records(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes frame = arguments.bytes(0);
  const Framing hint = arguments.hint(1);
  const bool is_first_vcl_end = arguments.boolean(2);
  size_t capacity = 0;
  uint32_t* numbers = arguments.uint32_array(3, capacity);
  const Target scratch = arguments.target(4);
  if (arguments.failed()) return nullptr;
  SeiRecord* records = rows<SeiRecord>(numbers, capacity);
  return number(env, h264_sei::extract_sei_records(frame, hint, is_first_vcl_end, records, capacity, scratch,
                                                   arguments.kernel()));
}

// removeSei(frame: Uint8Array, framing: number, records: Uint32Array, isRemoved: Uint8Array, target: Uint8Array):
// number
napi_value remove_sei(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes frame = arguments.bytes(0);
  const Framing framing = arguments.framing(1);
  size_t count = 0;
  uint32_t* numbers = arguments.uint32_array(2, count);
  const Bytes is_removed = arguments.bytes(3);
  const Target target = arguments.target(4);
  if (arguments.failed()) return nullptr;
  const SeiRecord* records = rows<SeiRecord>(numbers, count);
  int64_t written = h264_sei::kForeignRecords;
  if (is_removed.size <= count) {
    written =
        h264_sei::remove_sei(frame, framing, records, is_removed.data, is_removed.size, target, arguments.kernel());
  }
  if (written == h264_sei::kForeignRecords) {
    arguments.fail(2, "must be the records of the frame");
    return nullptr;
  }
  return number(env, written);
}

// splitNalUnits(data: Uint8Array, hint: number, bounds: Uint32Array): number
napi_value split_nal_units(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes data = arguments.bytes(0);
  const Framing hint = arguments.hint(1);
  size_t capacity = 0;
  uint32_t* numbers = arguments.uint32_array(2, capacity);
  if (arguments.failed()) return nullptr;
  NalUnitBounds* bounds = rows<NalUnitBounds>(numbers, capacity);
  return number(env, h264_sei::split_nal_units(data, hint, bounds, capacity, arguments.kernel()));
}

// joinNalUnits(data: Uint8Array, bounds: Uint32Array, framing: number, target: Uint8Array): number
napi_value join_nal_units(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const Bytes data = arguments.bytes(0);
  size_t count = 0;
  uint32_t* numbers = arguments.uint32_array(1, count);
  const Framing framing = arguments.framing(2);
  const Target target = arguments.target(3);
  if (arguments.failed()) return nullptr;
  const NalUnitBounds* bounds = rows<NalUnitBounds>(numbers, count);
  for (size_t i = 0; i < count; ++i) {
    if (bounds[i].start <= bounds[i].end && bounds[i].end <= data.size) continue;
    arguments.fail(1, "must be bounds within the data");
    return nullptr;
  }
  return number(env, h264_sei::join_nal_units(data, bounds, count, framing, target));
}

// A text for JavaScript; undefined if JavaScript may not run any more.
napi_value text(napi_env env, const char* value) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

// kernels(): string[], those that this processor can run, best first.
napi_value kernels(napi_env env, napi_callback_info) {
  napi_value names = nullptr;
  if (napi_create_array(env, &names) != napi_ok) return nullptr;
  uint32_t count = 0;
  for (auto* node = h264_sei::simd::registered_kernels(); node != nullptr; node = node->next()) {
    const Kernel& kernel = node->kernel();
    // Of several variants the one that its name selects.
    if (h264_sei::simd::find_kernel(kernel.name) != &kernel) continue;
    const napi_value name = text(env, kernel.name);
    if (name == nullptr || napi_set_element(env, names, count++, name) != napi_ok) return nullptr;
  }
  return names;
}

// kernel(): string, the one in use in this environment.
napi_value kernel(napi_env env, napi_callback_info info) { return text(env, Arguments(env, info).kernel().name); }

// selectKernel(name: string): boolean, whether this environment uses it from now on.
napi_value select_kernel(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  // The longest name of a kernel is much shorter.
  char name[32] = {};
  if (!arguments.text(0, name, sizeof(name))) return nullptr;
  const Kernel* found = h264_sei::simd::find_kernel(name);
  if (found != nullptr) arguments.environment().kernel = found;
  napi_value result = nullptr;
  napi_get_boolean(env, found != nullptr, &result);
  return result;
}

// Fills the exports. A call fails if the thread is being terminated while the addon loads: JavaScript cannot run any
// more, and to throw there would end the process. So what is missing then is not reported, and nobody will miss it.
Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment;
  const auto release = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  // Node-API frees it with the environment, when no JavaScript runs there any more.
  if (napi_set_instance_data(env, environment, release, nullptr) != napi_ok) {
    delete environment;
    return exports;
  }

  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {
      {"scanStartCodes", scan_start_codes},
      {"escapedLength", escaped_length},
      {"escape", rewrite<h264_sei::escape>},
      {"unescape", rewrite<h264_sei::unescape>},
      {"detect", detect},
      {"locate", locate},
      {"splice", splice},
      {"inject", inject},
      {"extractSeiRecords", extract_sei_records},
      {"removeSei", remove_sei},
      {"splitNalUnits", split_nal_units},
      {"joinNalUnits", join_nal_units},
      {"kernels", kernels},
      {"kernel", kernel},
      {"selectKernel", select_kernel},
  };
  for (const auto& function : functions) {
    napi_value value = nullptr;
    const napi_status status =
        napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, environment, &value);
    if (status != napi_ok || napi_set_named_property(env, exports, function.name, value) != napi_ok) break;
  }
  return exports;
}

}  // namespace

NODE_API_MODULE(h264_sei, initialize)
