#!/bin/sh
# Starts a collector and a page that uses the official JavaScript SDK from npm,
# and prints what was kept, until it is stopped. Loopback only.
set -eu
cd "$(dirname "$0")/../.."
command -v npm >/dev/null 2>&1 || { echo "make collect: npm is missing; install Node.js" >&2; exit 1; }
work=$(mktemp -d)
collector=
site=
end() {
	trap - EXIT INT TERM
	[ -z "$site" ] || kill "$site" 2>/dev/null || true
	[ -z "$collector" ] || { kill "$collector" 2>/dev/null && wait "$collector"; } || true
	rm -rf "$work"
}
trap end EXIT
trap 'exit 0' INT TERM
npm install --prefix "$work" --no-audit --no-fund --ignore-scripts --loglevel=error sa-sdk-javascript@1.26.17 >/dev/null
mkdir "$work/site"
cp docs/collect/page.html "$work/site/index.html"
cp "$work/node_modules/sa-sdk-javascript/sensorsdata.min.js" "$work/site/"
bin/telltale collect --claims collect-example --data "$work/data" --listen 127.0.0.1:8106 --flush 1s --erase-within 10s &
collector=$!
node docs/collect/site.js "$work/site" 8107 &
site=$!
echo "Open http://127.0.0.1:8107/ and press the buttons. What is kept is printed here. Ctrl-C ends it."
kept=0
while kill -0 "$collector" 2>/dev/null; do
	sleep 1
	[ -d "$work/data/store" ] || continue
	bin/telltale collect export --data "$work/data" >"$work/kept" 2>/dev/null || continue
	now=$(wc -l <"$work/kept")
	[ "$now" -eq "$kept" ] || { echo "--- $now records are kept:"; cat "$work/kept"; }
	kept=$now
done
