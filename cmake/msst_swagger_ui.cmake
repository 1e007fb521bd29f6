include(msst_npm)

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
    foreach(file package.json package-lock.json .npmrc)
        configure_file("${package}/${file}" "${folder}/${file}" COPYONLY)
    endforeach()
    msst_npm_install(why "${folder}")
    if(why)
        message(FATAL_ERROR "swagger-ui-dist cannot be installed: ${why}\n"
                "Without a network, set MSST_SWAGGER_UI_DIR to a folder with its files.")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${package}/package-lock.json")
    set(${result} "${folder}/node_modules/swagger-ui-dist" PARENT_SCOPE)
endfunction()
