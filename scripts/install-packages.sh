#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install-packages.sh [build|demo|test]…: installs the system packages that are missing, on Debian and Ubuntu. Default: build.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# What each purpose needs, as Debian names it.
build="build-essential cmake ninja-build pkg-config libcurl4-openssl-dev libjansson-dev libsqlite3-dev libpcre2-dev
  libicu-dev libxxhash-dev nettle-dev libzstd-dev libxml2-dev libarchive-dev libmd4c-dev libhnswlib-dev
  libsnappy-dev zlib1g-dev ca-certificates"
demo="$build python3 python3-venv libgomp1"
test="$demo git curl libcmocka-dev libssl-dev poppler-utils bubblewrap"

main() {
  local wanted missing
  wanted=$(packages_for "${@:-build}")
  if ! have apt-get || ! have dpkg-query; then
    no_apt "$wanted"
    return
  fi
  missing=$(missing_of $wanted)
  [ -z "$missing" ] || install $missing
}

packages_for() {
  local purpose
  for purpose in "$@"; do
    case $purpose in
      build | demo | test) echo ${!purpose} ;;
      *) fail "no such purpose: $purpose" "one of: build, demo, test" ;;
    esac
  done
}

missing_of() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
  done
}

install() {
  local as=""
  if [ "$(id -u)" != 0 ]; then
    have sudo || fail "these packages are missing: $*" "as root: apt-get install $*"
    say "These packages are missing: $*"
    ask "Install them with sudo?" || fail "packages are missing" "sudo apt-get install $*"
    sudo -v || fail "sudo was refused" "as root: apt-get install $*"
    as="sudo"
  fi
  step "Reading package lists" $as apt-get update -q
  step "Installing $# packages" $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# Another system: its own package manager has the same things under other names. Whoever has them may go on.
no_apt() {
  local tool absent=""
  for tool in cc cmake ninja pkg-config python3; do have "$tool" || absent="$absent $tool"; done
  if have pkg-config; then
    for tool in libcurl jansson sqlite3 libpcre2-8 icu-uc libxxhash nettle libzstd libxml-2.0 libarchive; do
      pkg-config --exists "$tool" || absent="$absent $tool"
    done
  fi
  [ -z "$absent" ] || fail "there is no apt-get here, and these are missing:$absent" \
    "install what these Debian packages hold: $(echo $1)"
}

main "$@"
