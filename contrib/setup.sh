# Sourced by contrib/run, contrib/test and contrib/xenhost: installs Debian packages that are missing, and builds.
# shellcheck shell=bash
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_packages=(gcc libc6-dev cmake ninja-build pkg-config python3 libxen-dev libyaml-dev libpcre2-dev libjson-c-dev libelf-dev libseccomp-dev)
test_packages=(git libcmocka-dev bats mandoc valgrind strace clang clang-tidy libclang-rt-dev g++ pre-commit ca-certificates xz-utils binutils
    qemu-system-xen seabios ipxe-qemu python3-jsonschema python3-yaml libxml2-utils cmark-gfm
    zsh fish)
# The code is formatted by one version of clang-format, that of Debian 12; elsewhere it is not looked at.
formatter=clang-format-14
debian=$(. /etc/os-release && echo "${VERSION_ID:-}")
[ "$debian" != 12 ] || test_packages+=("$formatter")

# need PACKAGE...: installs what is not there yet, and says so first.
need() {
    local missing=() p
    for p; do
        dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "dmlint: install these Debian packages first: ${missing[*]}" >&2; exit 2; }
        as_root=(sudo)
    fi
    echo "dmlint: installing Debian packages: ${missing[*]}" >&2
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# build PRESET: configures on first use, and builds; quiet unless it fails.
build() {
    local log=$top/build/$1.log
    mkdir -p "$top/build"
    (cd "$top" && { [ -f "build/$1/build.ninja" ] || cmake --preset "$1"; } && cmake --build --preset "$1") >"$log" 2>&1 ||
        { cat "$log" >&2; echo "dmlint: the build failed (preset $1)" >&2; exit 2; }
}

# fresh_root RELEASE DIR PACKAGE,...: a Debian root of release 12 or 13, from the archives that this machine uses; needs root and mmdebstrap.
fresh_root() {
    local -A names=([11]=bullseye [12]=bookworm [13]=trixie [sid]=sid)
    local suite=${names[$1]} sources=/etc/apt/sources.list.d/debian.sources
    [ -e "$sources" ] || { echo "dmlint: $sources is needed, to know where Debian's packages come from" >&2; return 77; }
    rm -rf "$2"; mkdir -p "$2"
    sed -E "/^Suites:/s/\b(bullseye|bookworm|trixie|forky|sid)\b/$suite/g" "$sources" >"$2.sources"
    [ "$suite" != sid ] || sed -i '/^Suites:/s/.*/Suites: sid/' "$2.sources"
    mmdebstrap --quiet --variant=minbase --mode=root --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
        --include="$3" "$suite" "$2" "$2.sources"
    rm "$2.sources"
}
