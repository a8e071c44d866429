#!/bin/sh
# Measures the kernels without Node, compiled as the addon is: against memchr and memcpy of the C library on the same
# bytes, by $CXX, c++ by default. Arguments: scan, count, escape or unescape for that function alone.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${CXX:-c++}" -std=c++17 -O3 -fno-exceptions -fno-rtti bench/kernels_bench.cc simd/*.cc -o "$folder/kernels_bench"
"$folder/kernels_bench" ../test/fixtures/clips/1080p.h264 time "$@"
