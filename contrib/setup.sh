# Sourced by contrib/run and contrib/test: installs Debian packages that are missing, and builds.
# shellcheck shell=bash
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_packages=(gcc libc6-dev cmake ninja-build pkg-config python3 libxen-dev libyaml-dev libpcre2-dev libjson-c-dev libelf-dev libseccomp-dev)
test_packages=(git libcmocka-dev bats mandoc valgrind strace clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev g++
    pre-commit ca-certificates xz-utils binutils qemu-system-xen seabios ipxe-qemu python3-jsonschema python3-yaml)

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
