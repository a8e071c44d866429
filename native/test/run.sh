#!/bin/sh
# Builds and runs the tests of the native side, without Node: with the address and undefined behavior sanitizers, by
# $CXX, or by clang++ or g++, whichever is there.
set -eu
cd "$(dirname "$0")/.."
compiler=${CXX:-$(command -v clang++ || command -v clang++-14 || command -v g++)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for test in kernels_test codec_test; do
  "$compiler" -std=c++17 -O1 -g -Wall -Wextra -pthread -fno-exceptions \
    -fsanitize=address,undefined -fno-sanitize-recover=all \
    "test/$test.cc" codec/*.cc simd/*.cc -o "$folder/$test"
  "$folder/$test"
done
