#include "checkpoint/checkpoint.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/gzip.h"
#include "checkpoint/mapped_file.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/state_dict.h"
#include "checkpoint/torch_legacy.h"
#include "checkpoint/torch_zip.h"

namespace msst::checkpoint {
namespace {

std::map<std::string, TensorView> view_tensors(const TorchFile& file, const StateDict& state) {
    std::map<std::string, TensorView> views;
    for (const auto& [name, id] : state.tensors) {
        const auto& tensor = *file.tree.get_if<StoredTensor>(id);
        views.emplace(name, make_tensor_view(name, tensor, file.block_of(tensor.storage)));
    }
    return views;
}

std::map<std::string, TensorView> view_tensors(const Safetensors& file) {
    std::vector<std::string> names;
    names.reserve(file.tensors.size());
    for (const auto& [name, view] : file.tensors) names.push_back(name);
    std::map<std::string, TensorView> views;
    for (const auto& [name, stored] : normalise_names(names)) views.emplace(name, file.tensors.at(stored));
    return views;
}

Metadata texts(const std::map<std::string, std::string>& entries) {
    Metadata::Map map;
    for (const auto& [key, text] : entries) map[key].value = text;
    return {std::move(map)};
}

[[noreturn]] void refuse(Bytes file) {
    const std::string_view text = as_text(file);
    std::string what = "neither a PyTorch checkpoint nor safetensors";
    if (text.empty()) what = "empty";
    if (is_gzip(file)) what = "gzip-compressed twice";
    if (text.starts_with("\x80\x02") || text.starts_with("\x80\x04"))
        what = "a pickle, but not one that torch.save wrote";
    if (text.size() > 262 && text.substr(257, 5) == "ustar")
        what = "a tar archive, torch's oldest format: not supported";
    if (text.starts_with("version https://git-lfs"))
        what = "a Git LFS pointer: the weights were not downloaded";
    if (text.starts_with("<")) what = "a web page, not a checkpoint: the download failed";
    throw Error(ErrorCode::invalid_input, "the file is " + what);
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& path) {
    const auto file = std::make_shared<const MappedFile>(path);
    try {
        Checkpoint checkpoint = parse(file->bytes(), file);
        checkpoint.file_ = file;
        return checkpoint;
    } catch (const Error& error) {
        throw Error(error.code(), clean_text(path.filename().string(), 200) + ": " + error.what(),
                    error.reason());
    }
}

Checkpoint Checkpoint::parse(Bytes file, std::shared_ptr<const void> owner) {
    if (!is_gzip(file)) return parse_unpacked(file, std::move(owner));
    const auto unpacked = unpack_gzip(file);
    return parse_unpacked(*unpacked, unpacked);
}

Checkpoint Checkpoint::parse_unpacked(Bytes file, std::shared_ptr<const void> owner) {
    Checkpoint checkpoint;
    checkpoint.owner_ = std::move(owner);
    if (is_zip(file) || is_torch_legacy(file)) {
        const TorchFile torch = is_zip(file) ? read_torch_zip(file) : read_torch_legacy(file);
        StateDict state = find_state_dict(torch.tree);
        checkpoint.tensors_ = view_tensors(torch, state);
        checkpoint.metadata_ = std::move(state.metadata);
    } else if (is_safetensors(file)) {
        const Safetensors tensors = read_safetensors(file);
        checkpoint.tensors_ = view_tensors(tensors);
        checkpoint.metadata_ = texts(tensors.metadata);
    } else {
        refuse(file);
    }
    return checkpoint;
}

std::vector<std::string> Checkpoint::names() const {
    std::vector<std::string> names;
    names.reserve(tensors_.size());
    for (const auto& [name, view] : tensors_) names.push_back(name);
    return names;
}

const TensorView& Checkpoint::info(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end())
        throw Error(ErrorCode::invalid_input, "the checkpoint has no tensor '" + clean_text(name, 200) + "'");
    return found->second;
}

std::vector<float> Checkpoint::read(const std::string& name) const {
    const TensorView& tensor = info(name);
    std::vector<float> values(tensor.elements());
    tensor.read(values);
    return values;
}

void Checkpoint::let_go(const std::string& name) const {
    if (!file_) return;
    const TensorView& tensor = info(name);
    file_->let_go(
        tensor.bytes.first(std::min<size_t>(tensor.bytes.size(), tensor.elements() * size_of(tensor.type))));
}

std::span<const float> Checkpoint::view(const std::string& name) const {
    const TensorView& tensor = info(name);
    const bool is_aligned = reinterpret_cast<uintptr_t>(tensor.bytes.data()) % alignof(float) == 0;
    if (tensor.type != ElementType::float32 || !tensor.is_contiguous() || !is_aligned) return {};
    return {reinterpret_cast<const float*>(tensor.bytes.data()), static_cast<size_t>(tensor.elements())};
}

}  // namespace msst::checkpoint
