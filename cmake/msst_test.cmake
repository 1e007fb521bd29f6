# One GoogleTest program per folder of tests/, from every .cpp below the folder that calls this. A folder below it
# that has a CMakeLists.txt is another program. SECONDS: what a long one takes about under the sanitizers; CTest begins
# with the longest.
#
#   msst_test(store USES store-sqlite SECONDS 40)   ->  msst-store-test
function(msst_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SECONDS" "USES;LINKS")
    set(target "msst-${name}-test")
    msst_sources_below(sources)
    string(REPLACE "/" "-" arg_USES "${arg_USES}")
    list(TRANSFORM arg_USES PREPEND msst-)
    add_executable(${target} ${sources})
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE MSST_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
    # The tests' own code need not be quick, in optimised builds neither.
    target_compile_options(${target} PRIVATE -O0)
    target_link_libraries(${target} PRIVATE ${arg_USES} ${arg_LINKS} GTest::gmock GTest::gtest_main)
    if(NOT arg_SECONDS)
        set(arg_SECONDS 1)
    endif()
    # For a program that hangs; one that is slow on a busy machine shall end.
    math(EXPR timeout "600 + 10 * ${arg_SECONDS}")
    add_test(NAME ${target} COMMAND ${target})
    # Threads that wait at a barrier must not spin while other tests want the processor.
    set_tests_properties(${target} PROPERTIES TIMEOUT ${timeout} COST ${arg_SECONDS} ENVIRONMENT OMP_WAIT_POLICY=passive)
endfunction()
