#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what muster is built or tested with, from Debian. Says nothing and changes nothing when
# all is there.
#
#   tools/setup.sh         to build
#   tools/setup.sh test    to build and test
set -euo pipefail

goal=${1:-build}
missing=()

lack() { # PACKAGE
    case " ${missing[*]} " in
    *" $1 "*) ;;
    *) missing+=("$1") ;;
    esac
}

need_command() { # COMMAND PACKAGE
    if ! command -v "$1" > /dev/null 2>&1; then
        lack "$2"
    fi
}

need_library() { # PKG-CONFIG-NAME PACKAGE
    if ! pkg-config --exists "$1" > /dev/null 2>&1; then
        lack "$2"
    fi
}

need_file() { # GLOB PACKAGE
    if ! compgen -G "$1" > /dev/null; then
        lack "$2"
    fi
}

need_command gcc build-essential
need_command make make
need_command python3 python3
need_command pkg-config pkg-config
need_command meson meson
need_command ninja ninja-build
need_library libfyaml libfyaml-dev
need_library jansson libjansson-dev
need_library libzstd libzstd-dev
need_library cminpack libcminpack-dev
need_library expat libexpat1-dev
if [ "$goal" = test ]; then
    need_library cmocka libcmocka-dev
    need_library simgrid libsimgrid-dev
    need_command g++ build-essential
    need_command clang clang
    need_command clang-format clang-format
    need_command clang-tidy clang-tidy
    need_command git git
    need_file /usr/share/i18n/locales/de_DE locales
    need_file '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a' libclang-rt-14-dev
fi
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

echo "setup: installing ${missing[*]}" >&2

fail() {
    echo "setup: $1" >&2
    echo "setup: muster needs these packages of Debian 12: ${missing[*]}" >&2
    exit 1
}

if ! command -v apt-get > /dev/null 2>&1; then
    fail "there is no apt-get here"
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo > /dev/null 2>&1; then
        fail "cannot install packages: neither root nor sudo"
    fi
    as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 "$@" \
        < /dev/null >> "$log" 2>&1
}
if ! apt update; then
    tail -n 5 "$log" >&2
    fail "apt-get update failed (is there a network?)"
fi
if ! apt install -y --no-install-recommends "${missing[@]}"; then
    tail -n 15 "$log" >&2
    fail "apt-get install failed"
fi
echo "setup: done" >&2
