#pragma once

#include <cstddef>
#include <span>
#include <string_view>

// Files that are part of the program: the API document, its viewer, the web page (cmake/msst_embed.cmake).

namespace msst::http::routes {

struct EmbeddedFile {
    std::string_view name;  // "openapi.json", "docs/swagger-ui.css"
    std::string_view bytes;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace msst::http::routes
