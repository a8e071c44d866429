// What the library is held against: memchr and memcpy of the C library, called through Node-API as the addon is.
#include <node_api.h>

#include <cstdint>
#include <cstring>

namespace {

struct Memory {
  void* data = nullptr;
  size_t size = 0;
};

bool memory_of(napi_env env, napi_value value, Memory& memory) {
  napi_typedarray_type type = napi_int8_array;
  return napi_get_typedarray_info(env, value, &type, &memory.size, &memory.data, nullptr, nullptr) == napi_ok &&
         type == napi_uint8_array;
}

napi_value number(napi_env env, int64_t value) {
  napi_value result = nullptr;
  napi_create_int64(env, value, &result);
  return result;
}

napi_value invalid(napi_env env) {
  napi_throw_type_error(env, nullptr, "wrong arguments");
  return nullptr;
}

// memchr(bytes: Uint8Array, byte: number): number, the index or -1
napi_value find_byte(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2] = {};
  Memory bytes;
  uint32_t byte = 0;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      !memory_of(env, arguments[0], bytes) || napi_get_value_uint32(env, arguments[1], &byte) != napi_ok) {
    return invalid(env);
  }
  const void* found = bytes.size == 0 ? nullptr : std::memchr(bytes.data, static_cast<int>(byte), bytes.size);
  return number(env, found == nullptr ? -1 : static_cast<const uint8_t*>(found) - static_cast<uint8_t*>(bytes.data));
}

// memcpy(source: Uint8Array, target: Uint8Array): number, the bytes copied
napi_value copy(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2] = {};
  Memory source;
  Memory target;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      !memory_of(env, arguments[0], source) || !memory_of(env, arguments[1], target) || target.size < source.size) {
    return invalid(env);
  }
  if (source.size > 0) std::memcpy(target.data, source.data, source.size);
  return number(env, static_cast<int64_t>(source.size));
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function = nullptr;
  napi_create_function(env, "memchr", NAPI_AUTO_LENGTH, find_byte, nullptr, &function);
  napi_set_named_property(env, exports, "memchr", function);
  napi_create_function(env, "memcpy", NAPI_AUTO_LENGTH, copy, nullptr, &function);
  napi_set_named_property(env, exports, "memcpy", function);
  return exports;
}
