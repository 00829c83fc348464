#!/bin/sh
# How fast `telltale import` reads a capture of HTTP, with all that it does: TCP,
# HTTP, hashing, compressing and writing every body. The capture is made anew,
# 1 GiB of it or as many bytes as are given; tshark reads a file of the same kind
# for comparison, if it is there.
#
#   bench/import.sh [BYTES]
#   TMPDIR=/dev/shm bench/import.sh      # without the disk's share
#
# MB/s is by the clock, MB/cpu-s by the time that processors worked; MiB-peak is
# the most memory that the program has had, with that of making the capture.
set -eu
cd "$(dirname "$0")/.."
bytes=${1:-1073741824}
TELLTALE_BENCH_BYTES=$bytes go test ./cmd/telltale -run '^$' -bench '^BenchmarkImport$' -benchtime 1x | grep -E '^(Benchmark|cpu)'
if command -v tshark >/dev/null 2>&1; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	TELLTALE_BENCH_FILE=$dir/traffic.pcap TELLTALE_BENCH_BYTES=$bytes go test ./cmd/telltale -run '^TestWriteTraffic$' >/dev/null
	start=$(date +%s.%N)
	tshark -r "$dir/traffic.pcap" -Y http -T fields -e http.request.method -e http.request.full_uri -e http.response.code >/dev/null 2>&1
	end=$(date +%s.%N)
	echo "tshark, the fields of HTTP alone: $(echo "$bytes $start $end" | awk '{printf "%.1f MB/s", $1 / 1e6 / ($3 - $2)}')"
fi
