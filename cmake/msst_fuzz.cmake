# One libFuzzer program from fuzz/<name>_fuzzer.cpp.
#
#   msst_fuzz(checkpoint USES checkpoint)   ->  msst-checkpoint-fuzzer
#
# The target msst-fuzzers builds all of them, and of the program only what they try.
function(msst_fuzz name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LINKS")
    set(target "msst-${name}-fuzzer")
    list(TRANSFORM arg_USES PREPEND msst-)
    add_executable(${target} ${name}_fuzzer.cpp)
    target_link_libraries(${target} PRIVATE ${arg_USES} ${arg_LINKS})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_dependencies(msst-fuzzers ${target})
endfunction()
