#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/metadata.h"
#include "checkpoint/tensor_view.h"

namespace msst::checkpoint {

class MappedFile;

// The weights of a network by name, out of an untrusted file: torch.save's ZIP
// and older stream formats, or safetensors, also gzip-compressed; told apart by content, never by
// extension. Nothing in the file is executed. Tensors are read from the mapped
// file when they are asked for, so that optimizer states cost nothing; a
// compressed file is held in memory.
class Checkpoint {
public:
    // Throws Error(invalid_input), naming the file and the problem, for anything malformed or unsupported,
    // and Error(not_found) or Error(unavailable) when the file cannot be read.
    static Checkpoint open(const std::filesystem::path& path);

    // The same from memory, which `owner` keeps alive.
    static Checkpoint parse(Bytes file, std::shared_ptr<const void> owner);

    std::vector<std::string> names() const;  // sorted
    bool contains(const std::string& name) const { return tensors_.contains(name); }

    // Shape and stored type. Throws Error(invalid_input) if there is no tensor of this name.
    const TensorView& info(const std::string& name) const;

    // All elements, row-major, converted to float32.
    std::vector<float> read(const std::string& name) const;

    // A view of the file where the tensor is contiguous aligned float32 already, else empty.
    std::span<const float> view(const std::string& name) const;

    // The tensor is not needed soon: of a mapped file its pages stop counting as this process's memory.
    // Reading it again works, and reads them again.
    void let_go(const std::string& name) const;

    const Metadata& metadata() const { return metadata_; }

private:
    Checkpoint() = default;
    static Checkpoint parse_unpacked(Bytes file, std::shared_ptr<const void> owner);

    std::shared_ptr<const void> owner_;
    std::shared_ptr<const MappedFile> file_;  // empty: parsed from memory
    std::map<std::string, TensorView> tensors_;
    Metadata metadata_;
};

}  // namespace msst::checkpoint
