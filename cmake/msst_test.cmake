# One GoogleTest program per folder of tests/, from every *_test.cpp below that folder.
#
#   msst_test(store/sqlite USES store-sqlite)   ->  msst-store-sqlite-test
function(msst_test folder)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "USES;LINKS")
    string(REPLACE "/" "-" name "msst-${folder}-test")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    list(TRANSFORM arg_USES PREPEND msst-)
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${name} PRIVATE MSST_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
    target_link_libraries(${name} PRIVATE ${arg_USES} ${arg_LINKS} GTest::gmock GTest::gtest_main)
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()
