# One library per folder of src/. USES names the folders it may include (tools/check_floors.py holds it to
# that); LINKS names other people's libraries, PUBLIC_LINKS those that appear in the folder's own headers.
# Without SOURCES: every .cpp below the folder that calls this; a folder below it that has a CMakeLists.txt is another
# library. SEPARATE: each source is compiled alone (docs/decisions/0006-joined-sources.md). OPTIMISED: in debug builds too.
#
#   msst_library(audio SOURCES decoder.cpp writer.cpp USES base LINKS PkgConfig::FFMPEG)
function(msst_library folder)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SEPARATE;OPTIMISED" "" "SOURCES;USES;LINKS;PUBLIC_LINKS")
    if(NOT arg_SOURCES)
        msst_sources_below(arg_SOURCES)
    endif()
    string(REPLACE "/" "-" target "msst-${folder}")
    string(REPLACE "/" "-" uses "${arg_USES}")
    list(TRANSFORM uses PREPEND msst-)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC msst-options ${uses} ${arg_PUBLIC_LINKS} PRIVATE ${arg_LINKS})
    if(arg_OPTIMISED)
        target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O1>)
    endif()
    if(arg_SEPARATE)
        set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
    endif()
endfunction()

# Every .cpp below the folder that calls this, without folders that have a CMakeLists.txt of their own.
function(msst_sources_below result)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    file(GLOB_RECURSE others CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/CMakeLists.txt)
    foreach(lists ${others})
        get_filename_component(folder ${lists} DIRECTORY)
        list(FILTER sources EXCLUDE REGEX "^${folder}/")
    endforeach()
    set(${result} ${sources} PARENT_SCOPE)
endfunction()
