#include "tasks/blob_store.h"

namespace msst::tasks {

std::string upload_key(const std::string& id) {
    return "uploads/" + id;
}

std::string result_key(const std::string& task_id, int64_t epoch, const std::string& filename) {
    return "results/" + task_id + "/" + std::to_string(epoch) + "/" + filename;
}

}  // namespace msst::tasks
