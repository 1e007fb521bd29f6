#!/usr/bin/env bash
# Installs the Debian packages that msst needs, and nothing that is there already. Asks for nothing; works as root
# and with sudo. A second run only looks.
#
#   tools/install_dependencies.sh build    what compiles and runs msst and the demo
#   tools/install_dependencies.sh compile  what compiles msst and the tests, and looks at the sources
#   tools/install_dependencies.sh test     all that, and what makes the tests' files and what runs them
#   tools/install_dependencies.sh fuzz     all that, and what builds the fuzz targets
#   tools/install_dependencies.sh tidy     what the tests need, and clang-tidy
set -euo pipefail

build_packages=(
    ca-certificates cmake g++ make ninja-build pkg-config python3
    libboost1.81-dev                                                  # HTTP: Asio and Beast
    libavcodec-dev libavformat-dev libavutil-dev libswresample-dev    # audio in, FFT
    libsndfile1-dev libsoxr-dev                                       # audio out, resampling
    libcli11-dev libspdlog-dev libyaml-cpp-dev nlohmann-json3-dev prometheus-cpp-dev
    libsqlite3-dev libsodium-dev libseccomp-dev zlib1g-dev
    libdnnl-dev libhwy-dev                                            # the engine
)
compile_packages=(
    clang-format libgmock-dev libgtest-dev lld
)
test_packages=(
    chromium curl ffmpeg python3-numpy sqlite3 strace unzip
)
fuzz_packages=(
    clang-19 libclang-rt-19-dev libomp-19-dev
)
tidy_packages=(
    clang-19 clang-tidy-19 libomp-19-dev
)

missing_packages() {
    local package
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || echo "$package"
    done
}

# Node may come from elsewhere than Debian; 18 is the oldest that will do.
node_packages() {
    local major
    major=$(node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/') || true
    if [[ -z $major || $major -lt 18 ]]; then echo nodejs; fi
    if ! command -v npm >/dev/null; then echo npm; fi
}

tests=("${compile_packages[@]}" "${test_packages[@]}")
wanted=("${build_packages[@]}")
case "${1:-build}" in
    build) ;;
    compile) wanted+=("${compile_packages[@]}") ;;
    test) wanted+=("${tests[@]}") ;;
    tidy) wanted+=("${tests[@]}" "${tidy_packages[@]}") ;;
    fuzz) wanted+=("${tests[@]}" "${fuzz_packages[@]}") ;;
    *) echo "usage: $0 [build|compile|test|fuzz|tidy]" >&2; exit 2 ;;
esac

# npm is half of all packages; compiling alone needs none of them.
mapfile -t missing < <(missing_packages "${wanted[@]}"; [[ ${1:-build} == compile ]] || node_packages)
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

echo "Installing: ${missing[*]}"
as_root=()
if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || { echo "These need root, and there is no sudo here. Run this script as root." >&2; exit 1; }
    as_root=(sudo)
fi
# A mirror that does not answer is asked again; another apt at work is waited for.
patience=(-o Acquire::Retries=5 -o DPkg::Lock::Timeout=300)
"${as_root[@]}" apt-get "${patience[@]}" update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${patience[@]}" install -y -qq --no-install-recommends "${missing[@]}" >/dev/null </dev/null
