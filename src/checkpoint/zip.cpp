#include "checkpoint/zip.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace msst::checkpoint {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kDirectoryEntry = 0x02014b50;
constexpr uint32_t kEndOfDirectory = 0x06054b50;
constexpr uint32_t kZip64Locator = 0x07064b50;
constexpr uint32_t kZip64End = 0x06064b50;
constexpr uint64_t kEndOfDirectoryBytes = 22;
constexpr uint64_t kZip64LocatorBytes = 20;
constexpr uint64_t kMinEntryBytes = 46;
constexpr uint64_t kMaxCommentBytes = 65535;
constexpr uint64_t kMaxMembers = 1'000'000;
constexpr uint16_t kEncrypted = 1;
constexpr uint16_t kStored = 0;
constexpr uint16_t kZip64Extra = 1;

[[noreturn]] void fail_zip(const std::string& problem) {
    throw Error(ErrorCode::invalid_input, "ZIP archive: " + problem);
}

uint32_t signature_at(Bytes archive, uint64_t offset) {
    return ByteReader(archive.subspan(offset, 4), "ZIP signature").u32();
}

// Replaces each 32-bit field that says "see the ZIP64 extra field" by the number there, in the fixed order.
void read_zip64_extra(Bytes extra, std::initializer_list<uint64_t*> fields) {
    ByteReader blocks(extra, "ZIP extra field");
    while (blocks.remaining() >= 4) {
        const uint16_t kind = blocks.u16();
        ByteReader block(blocks.take(blocks.u16()), "ZIP64 extra field");
        if (kind != kZip64Extra) continue;
        for (uint64_t* field : fields)
            if (*field == 0xffffffffu) *field = block.u64();
        return;
    }
}

}  // namespace

ZipArchive::ZipArchive(Bytes archive) : archive_(archive) {
    read_directory(find_directory());
}

ZipArchive::Directory ZipArchive::find_directory() const {
    if (archive_.size() < kEndOfDirectoryBytes)
        fail_zip("it is only " + std::to_string(archive_.size()) + " bytes");
    const uint64_t last = archive_.size() - kEndOfDirectoryBytes;
    const uint64_t first = last - std::min(last, kMaxCommentBytes);
    for (uint64_t at = last + 1; at-- > first;) {
        if (signature_at(archive_, at) != kEndOfDirectory) continue;
        ByteReader end(archive_.subspan(at + 10), "end of the ZIP directory");
        Directory directory;
        directory.members = end.u16();
        directory.size_bytes = end.u32();
        directory.offset = end.u32();
        return read_zip64_directory(at, directory);
    }
    fail_zip("its directory is missing; the file may be cut short");
}

ZipArchive::Directory ZipArchive::read_zip64_directory(uint64_t end_offset, Directory small) const {
    if (end_offset < kZip64LocatorBytes) return small;
    const uint64_t locator_offset = end_offset - kZip64LocatorBytes;
    if (signature_at(archive_, locator_offset) != kZip64Locator) return small;
    const uint64_t offset = ByteReader(archive_.subspan(locator_offset + 8), "ZIP64 locator").u64();
    if (offset > archive_.size())
        fail_zip("its ZIP64 directory is said to be at byte " + std::to_string(offset));
    ByteReader end(archive_.subspan(offset), "ZIP64 end of directory");
    if (end.u32() != kZip64End) fail_zip("its ZIP64 directory is not where the locator says");
    end.take(28);  // record size, versions, disks, members on this disk
    Directory directory;
    directory.members = end.u64();
    directory.size_bytes = end.u64();
    directory.offset = end.u64();
    return directory;
}

void ZipArchive::read_directory(const Directory& directory) {
    if (directory.offset > archive_.size() || directory.size_bytes > archive_.size() - directory.offset)
        fail_zip("its directory of " + std::to_string(directory.size_bytes) + " bytes at " +
                 std::to_string(directory.offset) + " does not fit into " + std::to_string(archive_.size()));
    if (directory.members > std::min(kMaxMembers, directory.size_bytes / kMinEntryBytes))
        fail_zip("it claims " + std::to_string(directory.members) + " members in a directory of " +
                 std::to_string(directory.size_bytes) + " bytes");
    ByteReader entries(archive_.subspan(directory.offset, directory.size_bytes), "ZIP directory");
    for (uint64_t i = 0; i < directory.members; ++i) {
        if (entries.u32() != kDirectoryEntry)
            entries.fail("entry " + std::to_string(i) + " has no signature");
        entries.take(4);  // versions
        Member member;
        member.flags = entries.u16();
        member.method = entries.u16();
        entries.take(8);  // time, date, CRC-32
        member.packed_bytes = entries.u32();
        member.size_bytes = entries.u32();
        const uint16_t name_bytes = entries.u16();
        const uint16_t extra_bytes = entries.u16();
        const uint16_t comment_bytes = entries.u16();
        entries.take(8);  // disk, attributes
        member.header_offset = entries.u32();
        std::string name(entries.take_text(name_bytes));
        read_zip64_extra(entries.take(extra_bytes),
                         {&member.size_bytes, &member.packed_bytes, &member.header_offset});
        entries.take(comment_bytes);
        if (!members_.emplace(std::move(name), member).second) entries.fail("two members have the same name");
    }
}

Bytes ZipArchive::member(const std::string& name) const {
    const auto found = members_.find(name);
    if (found == members_.end()) fail_zip("it has no member '" + clean_text(name, 100) + "'");
    const Member& member = found->second;
    const std::string shown = "member '" + clean_text(name, 100) + "' ";
    if (member.flags & kEncrypted) fail_zip(shown + "is encrypted");
    if (member.method != kStored || member.packed_bytes != member.size_bytes)
        fail_zip(shown + "is compressed (method " + std::to_string(member.method) +
                 "); torch.save stores plainly");
    if (member.header_offset > archive_.size())
        fail_zip(shown + "is said to be at byte " + std::to_string(member.header_offset) + " of " +
                 std::to_string(archive_.size()));
    ByteReader header(archive_.subspan(member.header_offset), "ZIP local header");
    if (header.u32() != kLocalHeader) fail_zip(shown + "has no local header");
    header.take(22);  // version … sizes: the directory's are used
    const uint16_t name_bytes = header.u16();
    const uint16_t extra_bytes = header.u16();
    if (header.take_text(name_bytes) != name) fail_zip(shown + "has another name in its local header");
    header.take(extra_bytes);
    return header.take(member.size_bytes);
}

std::string ZipArchive::find_by_suffix(std::string_view suffix) const {
    const std::string* best = nullptr;
    for (const auto& [name, member] : members_) {
        const bool is_shorter =
            !best || name.size() < best->size() || (name.size() == best->size() && name < *best);
        if (name.ends_with(suffix) && is_shorter) best = &name;
    }
    return best ? *best : std::string();
}

}  // namespace msst::checkpoint
