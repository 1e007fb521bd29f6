#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/message.h"
#include "http/routes/context.h"
#include "http/routes/submission_form.h"
#include "tasks/blob_store.h"

namespace msst::http::routes {

// A submission as received. Without a `blob` the file was only hashed, or not wanted.
struct Upload {
    SubmissionForm form;
    std::unique_ptr<tasks::IncomingBlob> blob;
    std::string file_name;  // cleaned
    int64_t file_bytes = 0;
    std::string file_sha256;

    // The same request gives the same text: fields, file name and the file's bytes.
    std::string fingerprint() const;
};

enum class FileUse {
    store,      // into a new blob
    hash_only,  // the request was answered before; is it the same?
};

// Reads the multipart body of a submission, parts in any order; the file goes to the blob store piece by
// piece. Wrong fields are gathered in the form; once they are known, a file is read no further than a few
// megabytes. Throws ApiError (400 file_too_large), and as MultipartReader and BlobStore. What was stored is
// discarded with the result.
asio::awaitable<Upload> receive_upload(Context& context, Request& request, FileUse use);

}  // namespace msst::http::routes
