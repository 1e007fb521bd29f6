#include "checkpoint/torch_zip.h"

#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/pickle.h"
#include "checkpoint/zip.h"

namespace msst::checkpoint {
namespace {

constexpr uint64_t kMaxPickleBytes = 64 << 20;

// "archive/" from "archive/data.pkl".
std::string find_folder(const ZipArchive& zip) {
    std::string name = zip.find_by_suffix("/data.pkl");
    if (name.empty() && zip.contains("data.pkl")) name = "data.pkl";
    if (name.empty())
        throw Error(ErrorCode::invalid_input, "the ZIP has no data.pkl: not a PyTorch checkpoint");
    return name.substr(0, name.size() - std::string_view("data.pkl").size());
}

void check_is_supported(const ZipArchive& zip, const std::string& folder) {
    if (zip.contains(folder + "constants.pkl"))
        throw Error(ErrorCode::invalid_input,
                    "the file is a TorchScript program, not a checkpoint of weights");
    if (!zip.contains(folder + "byteorder")) return;
    const std::string_view order = trim(as_text(zip.member(folder + "byteorder")));
    if (order != "little")
        throw Error(ErrorCode::invalid_input, "the checkpoint's byte order is '" + clean_text(order, 20) +
                                                  "', only little is supported");
}

}  // namespace

bool is_zip(Bytes file) {
    return as_text(file).starts_with("PK\x03\x04");
}

TorchFile read_torch_zip(Bytes file) {
    const auto zip = std::make_shared<const ZipArchive>(file);
    const std::string folder = find_folder(*zip);
    check_is_supported(*zip, folder);
    const Bytes program = zip->member(folder + "data.pkl");
    if (program.size() > kMaxPickleBytes)
        throw Error(ErrorCode::invalid_input, "data.pkl has " + std::to_string(program.size()) +
                                                  " bytes, at most " + std::to_string(kMaxPickleBytes) +
                                                  " are read");
    ByteReader reader(program, "data.pkl");
    TorchFile result;
    result.tree = read_pickle(reader);
    result.block_of = [zip, folder](const Storage& storage) {
        const Bytes bytes = zip->member(folder + "data/" + storage.key);
        const uint64_t width = size_of(storage.type);
        if (bytes.size() % width != 0 || bytes.size() / width != static_cast<uint64_t>(storage.elements))
            throw Error(ErrorCode::invalid_input,
                        "storage '" + clean_text(storage.key, 40) + "' should hold " +
                            std::to_string(storage.elements) + " elements of " + std::to_string(width) +
                            " bytes, the file has " + std::to_string(bytes.size()) + " bytes");
        return bytes;
    };
    return result;
}

}  // namespace msst::checkpoint
