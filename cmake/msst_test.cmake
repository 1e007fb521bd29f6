# One GoogleTest program per folder of tests/, from every .cpp below the folder that calls this. A folder below it
# that has a CMakeLists.txt is another program. SEPARATE: as in msst_library.
#
#   msst_test(store USES store-sqlite)   ->  msst-store-test
function(msst_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SEPARATE" "TIMEOUT" "USES;LINKS")
    set(target "msst-${name}-test")
    msst_sources_below(sources)
    string(REPLACE "/" "-" arg_USES "${arg_USES}")
    list(TRANSFORM arg_USES PREPEND msst-)
    add_executable(${target} ${sources})
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE MSST_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
    # The tests' own code need not be quick; this takes a third off their build.
    target_compile_options(${target} PRIVATE -O0)
    target_link_libraries(${target} PRIVATE ${arg_USES} ${arg_LINKS} GTest::gmock GTest::gtest_main)
    if(arg_SEPARATE)
        set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    if(MSST_SANITIZE MATCHES "thread")  # some ten times as slow
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 4")
    endif()
    add_test(NAME ${target} COMMAND ${target})
    # Threads that wait at a barrier must not spin while other tests want the processor.
    set_tests_properties(${target} PROPERTIES TIMEOUT ${arg_TIMEOUT} ENVIRONMENT OMP_WAIT_POLICY=passive)
endfunction()
