#include "store/directory/blob_store.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/error.h"

namespace msst::store::directory {
namespace {

namespace fs = std::filesystem;

Timestamp modified_of(const struct stat& facts) {
    return Timestamp(Milliseconds(int64_t{facts.st_mtim.tv_sec} * 1000 + facts.st_mtim.tv_nsec / 1'000'000));
}

// Of the thing itself, not of what a link points to. None: it is gone.
std::optional<struct stat> find_facts(const fs::path& path) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) == 0) return facts;
    if (errno == ENOENT) return std::nullopt;
    throw_errno("cannot look at", path);
}

// Whatever `path` is; links are removed, not followed. Missing is fine.
void remove_tree(const fs::path& path) {
    std::error_code failure;
    fs::remove_all(path, failure);
    if (!failure || failure == std::errc::no_such_file_or_directory) return;
    errno = failure.value();
    throw_errno("cannot remove", path);
}

// The safe names in a folder; one that is gone has none.
std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        std::string name = entry->path().filename().string();
        if (is_safe_name(name)) names.push_back(std::move(name));
    }
    if (failure && failure != std::errc::no_such_file_or_directory && failure != std::errc::not_a_directory) {
        errno = failure.value();
        throw_errno("cannot list", folder);
    }
    std::ranges::sort(names);
    return names;
}

// The time of the youngest thing in a tree.
Timestamp youngest_in(const fs::path& path) {
    const auto facts = find_facts(path);
    if (!facts) return Timestamp{};
    Timestamp youngest = modified_of(*facts);
    if (S_ISDIR(facts->st_mode))
        for (const std::string& name : names_in(path))
            youngest = std::max(youngest, youngest_in(path / name));
    return youngest;
}

void ensure_safe(const std::string& name) {
    if (!is_safe_name(name))
        throw Error(ErrorCode::invalid_input, "a blob name holds characters that are not allowed");
}

// A file nobody has open any more goes; its writer holds the lock as long as it lives.
void remove_abandoned(const PrivateFolder& folder, const std::string& name) {
    const UniqueFd fd(::openat(folder.fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return;
    ::unlinkat(folder.fd(), name.c_str(), /*flags=*/0);
}

}  // namespace

DirectoryBlobStore::DirectoryBlobStore(const fs::path& root, BeforeStep before_step)
    : root_(root),
      uploads_(root_.ensure_folder("uploads")),
      results_(root_.ensure_folder("results")),
      temporary_(root_.ensure_folder("tmp")),
      before_step_(std::move(before_step)) {
    root_.sync();
}

std::unique_ptr<tasks::IncomingBlob> DirectoryBlobStore::create() {
    return std::make_unique<IncomingFile>(temporary_, uploads_, before_step_);
}

std::optional<tasks::BlobFile> DirectoryBlobStore::open(const std::string& key) {
    UniqueFd fd = root_.open_file(split_key(key));
    if (!fd) return std::nullopt;
    struct stat facts {};
    if (::fstat(fd.get(), &facts) != 0) throw_errno("cannot look at", root_.path() / key);
    return tasks::BlobFile{.fd = std::move(fd), .size_bytes = facts.st_size, .modified = modified_of(facts)};
}

fs::path DirectoryBlobStore::local_path(const std::string& key) {
    if (!open(key)) throw Error(ErrorCode::not_found, "there is no blob " + key);
    return root_.path() / key;
}

fs::path DirectoryBlobStore::create_result_directory(const std::string& task_id, int64_t epoch) {
    ensure_safe(task_id);
    before_step_("create folder");
    const PrivateFolder task = results_.ensure_folder(task_id);
    const std::string name = std::to_string(epoch);
    remove_tree(task.path() / name);
    return task.ensure_folder(name).path();
}

void DirectoryBlobStore::publish_result_directory(const std::string& task_id, int64_t epoch) {
    ensure_safe(task_id);
    const std::string name = std::to_string(epoch);
    const fs::path path = results_.path() / task_id / name;
    if (!find_facts(path)) throw Error(ErrorCode::not_found, "there is no result directory " + path.string());
    const PrivateFolder task = results_.ensure_folder(task_id);
    const PrivateFolder attempt = task.ensure_folder(name);
    for (const auto& entry : fs::directory_iterator(path)) {
        const UniqueFd file = attempt.open_file({entry.path().filename().string()});
        if (!file) throw Error(ErrorCode::unavailable, entry.path().string() + " is not a regular file");
        before_step_("sync file");
        sync_file(file.get(), entry.path());
    }
    // From the inside out: a folder is synced after what its entry leads to.
    for (const PrivateFolder* folder : {&attempt, &task, &std::as_const(results_)}) {
        before_step_("sync folder");
        folder->sync();
    }
}

void DirectoryBlobStore::erase_upload(const std::string& key) {
    const auto components = split_key(key);
    check(components.size() == 2 && components[0] == "uploads", "an upload's key is uploads/<id>");
    before_step_("remove");
    if (::unlinkat(uploads_.fd(), components[1].c_str(), /*flags=*/0) != 0 && errno != ENOENT)
        throw_errno("cannot remove", root_.path() / key);
}

void DirectoryBlobStore::erase_results(const std::string& task_id) {
    ensure_safe(task_id);
    before_step_("remove");
    remove_tree(results_.path() / task_id);
}

void DirectoryBlobStore::erase_other_epochs(const std::string& task_id, int64_t kept_epoch) {
    ensure_safe(task_id);
    // A link in the place of the task's folder is not looked into.
    if (!results_.open_folder(task_id)) return;
    const std::string kept = std::to_string(kept_epoch);
    for (const std::string& name : names_in(results_.path() / task_id)) {
        if (name == kept) continue;
        before_step_("remove");
        remove_tree(results_.path() / task_id / name);
    }
}

tasks::BlobStore::Listing DirectoryBlobStore::list_older_than(Timestamp time) {
    Listing listing;
    for (const std::string& name : names_in(uploads_.path()))
        if (youngest_in(uploads_.path() / name) < time) listing.uploads.push_back(tasks::upload_key(name));
    for (const std::string& name : names_in(results_.path()))
        if (youngest_in(results_.path() / name) < time) listing.result_task_ids.push_back(name);
    for (const std::string& name : names_in(temporary_.path()))
        if (youngest_in(temporary_.path() / name) < time) remove_abandoned(temporary_, name);
    return listing;
}

}  // namespace msst::store::directory
