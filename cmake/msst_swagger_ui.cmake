include(msst_npm)

# Swagger UI, the viewer of docs/openapi.yaml that `serve` shows at /docs.
set(MSST_SWAGGER_UI_DIR "" CACHE PATH
    "A folder with the files of swagger-ui-dist; empty: npm brings the version that package-lock.json pins")

# Sets `result` to the folder that has FILES of Swagger UI when built. `package`: the folder with package.json,
# package-lock.json and .npmrc; npm installs into the build folder.
function(msst_find_swagger_ui result package)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "FILES")
    if(MSST_SWAGGER_UI_DIR)
        set(${result} "${MSST_SWAGGER_UI_DIR}" PARENT_SCOPE)
        return()
    endif()
    set(folder "${CMAKE_BINARY_DIR}/swagger-ui")
    list(TRANSFORM arg_FILES PREPEND swagger-ui-dist/)
    msst_npm_install(msst-swagger-ui "${package}" "${folder}" FILES ${arg_FILES}
                     INSTEAD "set MSST_SWAGGER_UI_DIR to a folder with the files of swagger-ui-dist")
    set(${result} "${folder}/node_modules/swagger-ui-dist" PARENT_SCOPE)
endfunction()
