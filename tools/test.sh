#!/usr/bin/env bash
# Builds and runs all tests. What only makes the tests' files and runs them (npm, ffmpeg, chromium: two thirds of all packages)
# is installed while the compiler works; the few steps of the build that need it wait for a lock (cmake/msst_when_installed.cmake).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=build/dev
log=$folder/packages.log
mkdir -p "$folder"

# sudo may ask for a password, which cannot be done from behind the build.
((EUID == 0)) || tools/install_dependencies.sh test

exec {lock}>"$folder/packages.lock"
flock "$lock"
{ setsid tools/install_dependencies.sh test {lock}>&- || exit 1; } >"$log" 2>&1 </dev/null &
install=$!
exec {lock}>&-

# Returns once the packages are there. Ctrl-C does not reach the installation (setsid) but waits for it: dpkg would have to be
# repaired.
finish_install() {
    [[ $install ]] || return 0
    local pid=$install
    install=
    kill -0 "$pid" 2>/dev/null && echo "Waiting for packages to be installed ($log)"
    wait "$pid" || { cat "$log" >&2; echo "The tests' packages cannot be installed; what was said stands above." >&2; return 1; }
}
trap finish_install EXIT
trap 'exit 130' INT TERM

shown() {
    echo "$*"
    "$@"
}
shown cmake --preset dev -DMSST_WERROR=ON
shown cmake --build --preset dev
finish_install
shown ctest --preset dev
