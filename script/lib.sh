# Shared by the scripts of this folder; to be sourced by bash from any directory.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=${JOBS:-$(nproc)}
export LC_ALL=C.UTF-8

if [ -t 2 ]; then bold=$'\033[1m' plain=$'\033[0m'; else bold='' plain=''; fi
say() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND,ROLLCALL,ROLLCALL_SERVERS,ROLLCALL_KEEP "$@"
  else
    die "this needs root, and there is no sudo: run it as root"
  fi
}

# The packages of a stage that are not installed, one to a line.
missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -x installed >/dev/null ||
      echo "$package"
  done
}

# apt-get, quiet but for errors; refreshes the package lists when what is asked for is
# not in them or the mirror no longer has that version, and only then.
apt() {
  export DEBIAN_FRONTEND=noninteractive
  local log status=0
  log=$(mktemp)
  if ! as_root apt-get -y -q "$@" >"$log" 2>&1; then
    as_root apt-get -q update >"$log" 2>&1 && as_root apt-get -y -q "$@" >"$log" 2>&1 || status=$?
  fi
  [ $status = 0 ] || cat "$log" >&2
  rm -f "$log"
  return $status
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  apt install --no-install-recommends "${missing[@]}"
}

# Configures a preset if that was not done yet, builds the page where it is compiled in, then the
# targets given.
build_preset() {
  local preset=$1
  shift
  local dir=$root/build/$preset
  # Also where the presets have changed since, and after a configuration that failed half-way,
  # which leaves no build.ninja.
  [ "$dir/build.ninja" -nt "$root/CMakePresets.json" ] || (cd "$root" && cmake --preset "$preset") || return
  if grep '^ROLLCALL_PAGE:[A-Z]*=ON' "$dir/CMakeCache.txt" >/dev/null; then "$root/script/ui" || return; fi
  cmake --build "$dir" -j "$jobs" ${1:+--target "$@"}
}

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
