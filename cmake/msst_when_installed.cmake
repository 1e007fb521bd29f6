# `make test` installs npm, ffmpeg and numpy beside the build (tools/test.sh), and holds this lock until they are there. What
# needs them begins with ${MSST_WHEN_INSTALLED}, and is in this pool: one that waits takes no more than one compiler's place.
set(MSST_WHEN_INSTALLED flock --shared ${CMAKE_BINARY_DIR}/packages.lock)
set_property(GLOBAL APPEND PROPERTY JOB_POOLS msst_when_installed=1)
