#!/bin/sh
# Builds and runs the tests of the native side, without Node.
#
#   run.sh           for this machine, with the address and undefined behavior sanitizers, by $CXX, or by clang++ or g++,
#                    whichever is there
#   run.sh aarch64   for AArch64, with the undefined behavior sanitizer, by aarch64-linux-gnu-g++ and QEMU (the Debian
#                    packages g++-aarch64-linux-gnu and qemu-user-static)
set -eu
cd "$(dirname "$0")/.."
if [ "${1-}" = aarch64 ]; then
  compiler=aarch64-linux-gnu-g++
  sanitizers=undefined
  runner='qemu-aarch64-static -L /usr/aarch64-linux-gnu'
else
  compiler=${CXX:-$(command -v clang++ || command -v clang++-14 || command -v g++)}
  sanitizers=address,undefined
  # Older compilers' address sanitizers crash now and then where the kernel spreads memory over more bits than they know.
  runner="setarch $(uname -m) -R"
  $runner true 2>/dev/null || runner=
fi
root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
flags="-std=c++17 -O1 -g -Wall -Wextra -pthread -fno-exceptions -fsanitize=$sanitizers -fno-sanitize-recover=all"
"$compiler" $flags -c "$root"/codec/*.cc "$root"/simd/*.cc
for test in kernels_test codec_test; do
  "$compiler" $flags "$root/test/$test.cc" ./*.o -o "$test"
  $runner "./$test"
done
