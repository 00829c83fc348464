#!/bin/sh
# Installs what the real-browser parts need, if it is missing: Chromium. Where
# apt-get is, also tshark, which the tests of packet captures compare with.
set -eu

browser() {
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		command -v "$name" >/dev/null 2>&1 && return 0
	done
	apps=${APPLICATIONS:-/Applications} # macOS
	[ -x "$apps/Chromium.app/Contents/MacOS/Chromium" ] ||
		[ -x "$apps/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

need() {
	command -v "$1" >/dev/null 2>&1 && return 0
	echo "setup: $1 is missing; $2" >&2
	exit 1
}

need go "install Go 1.26 or newer"
packages=
browser || packages=chromium
command -v tshark >/dev/null 2>&1 || packages="$packages tshark"
[ -z "$packages" ] && exit 0

can_install() {
	command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1; }
}

if browser && ! can_install; then
	echo "setup: tshark is missing: tests that compare with it are skipped. Install it to run them." >&2
	exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "setup: Chromium is missing. Install it (macOS: brew install --cask chromium;" >&2
	echo "setup: Fedora: dnf install chromium; Arch: pacman -S chromium), then run this again." >&2
	exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
	need sudo "install Chromium as root: apt-get install chromium"
	as_root=sudo
fi
if [ "$(. /etc/os-release && echo "$ID")" = ubuntu ]; then
	packages=$(echo "$packages" | sed s/chromium/chromium-browser/)
fi
echo "setup: installing$(printf ' %s' $packages) with apt-get (a few minutes the first time) ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq $packages; } >"$log" 2>&1; then
	tail -5 "$log" >&2
	echo "setup: apt-get could not install $packages; install them by hand, then run this again." >&2
	exit 1
fi
browser || {
	echo "setup: Chromium was installed, but no browser is on the PATH; install Chromium by hand." >&2
	exit 1
}
echo "setup: done."
