#!/bin/sh
# Measures telltale capture beside mitmdump (if installed: apt-get install
# mitmproxy) and elazarl/goproxy, on this machine in one run, over loopback only:
# TLS opened, answers of 1 KiB over 16 connections that are kept, bodies of
# 64 MiB, a request each 1/rate s at half of what was reached, and memory over
# REQUESTS requests. goproxy forwards only; telltale and mitmdump record.
#
#   bench/capture.sh [SECONDS] [REQUESTS]
set -eu
seconds=${1:-10} requests=${2:-500000}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
pids=
stop() {
	for p in $pids; do kill "$p" 2>/dev/null || :; done
	rm -rf "$work"
}
trap stop EXIT INT TERM
(cd "$here/capture" && go build -o "$work/bench" .)
(cd "$here/.." && go build -o "$work/telltale" ./cmd/telltale)
cd "$work"
await() { # FILE: until it is there
	for _ in $(seq 100); do [ -s "$1" ] && return 0; sleep 0.1; done
	echo "capture.sh: $1 did not come" >&2
	exit 1
}

./bench origin 127.0.0.1:19443 origin.pem & pids="$pids $!"
await origin.pem
./bench goproxy 127.0.0.1:19081 origin.pem 2>/dev/null & pids="$pids $!"
SSL_CERT_FILE=origin.pem ./telltale capture -o case --listen 127.0.0.1:19080 --online >telltale.out 2>&1 & telltale=$!
pids="$pids $telltale"
await case/ca.pem
await goproxy-ca.pem
proxies="goproxy=http://127.0.0.1:19081=goproxy-ca.pem telltale=http://127.0.0.1:19080=case/ca.pem"
if command -v mitmdump >/dev/null; then
	mkdir mitm
	mitmdump -q --listen-host 127.0.0.1 -p 19082 -w flows --set confdir=mitm --set ssl_verify_upstream_trusted_ca=origin.pem & pids="$pids $!"
	await mitm/mitmproxy-ca-cert.pem
	proxies="$proxies mitmdump=http://127.0.0.1:19082=mitm/mitmproxy-ca-cert.pem"
fi
small=https://localhost:19443/bytes/1024
each() { # WORDS FLAGS...: the same load on every proxy
	words=$1
	shift
	for p in $proxies; do
		name=${p%%=*} rest=${p#*=}
		printf '%-9s %s: ' "$name" "$words"
		./bench load -proxy "${rest%%=*}" -ca "${rest#*=}" "$@" || :
	done
}
sleep 1
printf 'direct    1 KiB: '
./bench load -ca origin.pem -url $small -t "${seconds}s"
each "1 KiB, 16 connections" -url $small -t "${seconds}s" | tee small
each "64 MiB, 1 connection" -url https://localhost:19443/bytes/67108864 -c 1 -n 4
half=$(awk '$1 == "telltale" { for (i = 1; i <= NF; i++) if ($i == "req/s,") print int($(i-1) / 2) }' small)
printf 'direct    1 KiB at %s req/s: ' "$half"
./bench load -ca origin.pem -url $small -t "${seconds}s" -rate "$half"
printf 'telltale  1 KiB at %s req/s: ' "$half"
./bench load -proxy http://127.0.0.1:19080 -ca case/ca.pem -url $small -t "${seconds}s" -rate "$half"
./bench rss "$telltale"
printf 'telltale  %s requests: ' "$requests"
./bench load -proxy http://127.0.0.1:19080 -ca case/ca.pem -url $small -n "$requests"
./bench rss "$telltale"
kill -INT "$telltale"
wait "$telltale" || :
tail -4 telltale.out
