# Makes `target`, which installs what package.json and package-lock.json in `source` name into node_modules of `folder`, once
# per lock file. FILES: what others need of it, below node_modules. INSTEAD: what someone without a network can do.
function(msst_npm_install target source folder)
    cmake_parse_arguments(PARSE_ARGV 3 arg "" "INSTEAD" "FILES")
    set(stamp ${folder}/node_modules/.msst-installed)
    list(TRANSFORM arg_FILES PREPEND ${folder}/node_modules/)
    # npm gives files the times of long ago.
    add_custom_command(OUTPUT ${stamp} ${arg_FILES}
        COMMAND ${MSST_WHEN_INSTALLED} ${CMAKE_COMMAND} -Dsource=${source} -Dfolder=${folder} -Dstamp=${stamp} -Dinstead=${arg_INSTEAD}
                -P ${CMAKE_SOURCE_DIR}/cmake/npm_ci.cmake
        COMMAND ${CMAKE_COMMAND} -E touch ${stamp} ${arg_FILES}
        DEPENDS ${source}/package.json ${source}/package-lock.json ${source}/.npmrc
        JOB_POOL msst_when_installed
        COMMENT "Installing npm's packages for ${target}"
        VERBATIM)
    add_custom_target(${target} DEPENDS ${stamp})
endfunction()
