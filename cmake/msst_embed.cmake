# Puts files into a library as they are, and a table of them:
#
#   msst_embed(msst-http-routes FUNCTION msst::http::routes::embedded_files HEADER http/routes/embedded.h
#              FILES openapi.json=${json} docs/swagger-ui.css=${css})
#
# defines std::span<const EmbeddedFile> embedded_files(), declared in HEADER, with {name, bytes} for each. The
# bytes are the assembler's (.incbin), so that a megabyte costs no compile time.
function(msst_embed target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "FUNCTION;HEADER" "FILES")
    string(REGEX REPLACE "::[^:]*$" "" namespace "${arg_FUNCTION}")
    string(REGEX REPLACE "^.*::" "" function "${arg_FUNCTION}")
    set(blobs "")
    set(declarations "")
    set(rows "")
    set(paths "")
    set(index 0)
    foreach(file ${arg_FILES})
        string(FIND "${file}" "=" equals)
        string(SUBSTRING "${file}" 0 ${equals} name)
        math(EXPR after "${equals} + 1")
        string(SUBSTRING "${file}" ${after} -1 path)
        set(symbol "msst_embedded_${function}_${index}")
        string(APPEND blobs ".global ${symbol}\\n.hidden ${symbol}\\n.global ${symbol}_end\\n.hidden ${symbol}_end\\n"
               "${symbol}:\\n.incbin \\\"${path}\\\"\\n${symbol}_end:\\n.byte 0\\n")
        string(APPEND declarations "extern \"C\" __attribute__((visibility(\"hidden\"))) const char ${symbol}[];\n"
               "extern \"C\" __attribute__((visibility(\"hidden\"))) const char ${symbol}_end[];\n")
        string(APPEND rows "        {\"${name}\", {${symbol}, static_cast<size_t>(${symbol}_end - ${symbol})}},\n")
        list(APPEND paths "${path}")
        math(EXPR index "${index} + 1")
    endforeach()
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp")
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"#include \"@arg_HEADER@\"

asm(\".section .rodata\\n@blobs@.previous\\n\");
@declarations@
namespace @namespace@ {

std::span<const EmbeddedFile> @function@() {
    static const EmbeddedFile kFiles[] = {
@rows@    };
    return kFiles;
}

}  // namespace @namespace@
")
    target_sources(${target} PRIVATE "${source}")
    # Alone: a joined source would not know what it depends on.
    set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${paths}" SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
