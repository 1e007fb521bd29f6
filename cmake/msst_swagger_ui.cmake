# Swagger UI, the viewer of docs/openapi.yaml that `serve` shows at /docs.
set(MSST_SWAGGER_UI_DIR "" CACHE PATH
    "A folder with the files of swagger-ui-dist; empty: npm brings the version that package-lock.json pins")

# Sets `result` to the folder with swagger-ui.css, swagger-ui-bundle.js and the icons. `package`: the folder with
# package.json, package-lock.json and .npmrc; npm installs into the build folder, once per lock file.
function(msst_find_swagger_ui result package)
    if(MSST_SWAGGER_UI_DIR)
        set(${result} "${MSST_SWAGGER_UI_DIR}" PARENT_SCOPE)
        return()
    endif()
    set(folder "${CMAKE_BINARY_DIR}/swagger-ui")
    set(stamp "${folder}/installed.sha256")
    file(SHA256 "${package}/package-lock.json" wanted)
    set(installed "")
    if(EXISTS "${stamp}")
        file(READ "${stamp}" installed)
    endif()
    if(NOT installed STREQUAL wanted)
        find_program(MSST_NPM npm REQUIRED)
        foreach(file package.json package-lock.json .npmrc)
            configure_file("${package}/${file}" "${folder}/${file}" COPYONLY)
        endforeach()
        execute_process(COMMAND ${MSST_NPM} ci --silent WORKING_DIRECTORY "${folder}" RESULT_VARIABLE failed
                        OUTPUT_QUIET ERROR_VARIABLE why)
        if(failed)
            message(FATAL_ERROR "npm could not install swagger-ui-dist (${failed}): ${why}\n"
                    "Without a network, set MSST_SWAGGER_UI_DIR to a folder with its files.")
        endif()
        file(WRITE "${stamp}" "${wanted}")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${package}/package-lock.json")
    set(${result} "${folder}/node_modules/swagger-ui-dist" PARENT_SCOPE)
endfunction()
