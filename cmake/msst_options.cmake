# msst-options: the compiler settings every target of ours shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Quick to build; what computes is optimised all the same (msst_library's OPTIMISED), so that a song still runs in
# reasonable time under the sanitizers.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1 -fno-omit-frame-pointer")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

find_program(MSST_CCACHE ccache)
if(MSST_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${MSST_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${MSST_CCACHE})
endif()

# LLVM's linker joins the tests' programs in a fifth of the time of GNU's.
find_program(MSST_LLD ld.lld)
if(MSST_LLD AND MSST_SANITIZE)
    add_link_options(-fuse-ld=lld)
endif()

add_library(msst-options INTERFACE)
target_include_directories(msst-options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(msst-options INTERFACE MSST_VERSION="${PROJECT_VERSION}")
target_compile_options(msst-options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wpedantic
                                              -fstack-protector-strong
                                              # Designated initialisers leave out what keeps its default.
                                              -Wno-missing-field-initializers)
# Sources are joined, sixteen to a compiler run (docs/decisions/0006-joined-sources.md). GCC then takes what is private to
# a source for something in a header.
if(CMAKE_UNITY_BUILD)
    set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
    # A compiler that seldom tidies its memory: a twentieth of the build, for half a gigabyte more.
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-expand=400> $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=524288>)
    target_compile_options(msst-options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(MSST_WERROR)
    target_compile_options(msst-options INTERFACE -Werror)
endif()
if(MSST_SANITIZE)
    target_compile_options(msst-options INTERFACE -fsanitize=${MSST_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(msst-options INTERFACE -fsanitize=${MSST_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_definitions(msst-options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(MSST_SANITIZE MATCHES "undefined")
    # Checks at every use of a pointer: a fifth of the build. The fuzz targets (Clang) keep them
    # (docs/decisions/0007-what-the-everyday-build-checks.md).
    target_compile_options(msst-options INTERFACE
        $<$<CXX_COMPILER_ID:GNU>:-fno-sanitize=null,object-size,vptr,pointer-overflow,alignment>)
endif()
if(MSST_SANITIZE MATCHES "thread")
    # GCC warns that fences are not modelled; ours come from Boost.Asio, which
    # annotates what it needs.
    target_compile_options(msst-options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()
