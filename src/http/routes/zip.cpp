#include "http/routes/zip.h"

#include <algorithm>

namespace msst::http::routes {
namespace {

constexpr uint32_t kMax32 = 0xffffffff;
constexpr uint16_t kMax16 = 0xffff;
constexpr uint16_t kVersionPlain = 20;
constexpr uint16_t kVersionZip64 = 45;
constexpr uint16_t kMadeOnUnix = 3 << 8;
constexpr uint16_t kUtf8Names = 1 << 11;
constexpr uint16_t kStored = 0;  // not compressed
constexpr uint16_t kNoComment = 0;
constexpr uint16_t kNoAttributes = 0;
constexpr uint16_t kOnlyDisk = 0;  // its number
constexpr uint32_t kDisks = 1;
constexpr uint32_t kRegularFile0644 = 0100644u << 16;

// Little-endian numbers.
class Record {
public:
    Record& u16(uint64_t value) { return number(value, 2); }
    Record& u32(uint64_t value) { return number(value, 4); }
    Record& u64(uint64_t value) { return number(value, 8); }
    // The value, or all ones where the 64-bit field has it.
    Record& capped32(uint64_t value) { return u32(std::min<uint64_t>(value, kMax32)); }
    Record& capped16(uint64_t value) { return u16(std::min<uint64_t>(value, kMax16)); }
    Record& text(const std::string& bytes) {
        bytes_ += bytes;
        return *this;
    }
    const std::string& bytes() const { return bytes_; }

private:
    Record& number(uint64_t value, int count) {
        for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i));
        return *this;
    }

    std::string bytes_;
};

bool is_large(uint64_t value) {
    return value >= kMax32;
}

struct DosTime {
    uint16_t date = 0;
    uint16_t time = 0;
};

// ZIP knows the years 1980 to 2107, in steps of two seconds.
DosTime dos_time(Timestamp stamp) {
    using namespace std::chrono;
    const auto day = floor<days>(stamp);
    const year_month_day date(day);
    const hh_mm_ss time(floor<seconds>(stamp - day));
    const int year = std::clamp(static_cast<int>(date.year()), 1980, 2107);
    return {static_cast<uint16_t>((year - 1980) << 9 | static_cast<unsigned>(date.month()) << 5 |
                                  static_cast<unsigned>(date.day())),
            static_cast<uint16_t>(time.hours().count() << 11 | time.minutes().count() << 5 |
                                  time.seconds().count() / 2)};
}

// What a local header and a central one have in common, from "version needed" to the extra field's length.
void add_common(Record& record, const ZipMember& member, const DosTime& time, bool is_zip64,
                size_t extra_bytes) {
    const auto size = static_cast<uint64_t>(member.content.length);
    record.u16(is_zip64 ? kVersionZip64 : kVersionPlain).u16(kUtf8Names).u16(kStored);
    record.u16(time.time).u16(time.date).u32(member.crc32).capped32(size).capped32(size);
    record.u16(member.name.size()).u16(extra_bytes);
}

std::string local_header(const ZipMember& member, const DosTime& time) {
    const auto size = static_cast<uint64_t>(member.content.length);
    Record extra;
    if (is_large(size)) extra.u16(0x0001).u16(16).u64(size).u64(size);
    Record header;
    header.u32(0x04034b50);
    add_common(header, member, time, is_large(size), extra.bytes().size());
    return header.text(member.name).text(extra.bytes()).bytes();
}

std::string central_header(const ZipMember& member, const DosTime& time, uint64_t offset) {
    const auto size = static_cast<uint64_t>(member.content.length);
    const bool is_zip64 = is_large(size) || is_large(offset);
    Record fields;
    if (is_large(size)) fields.u64(size).u64(size);
    if (is_large(offset)) fields.u64(offset);
    Record extra;
    if (is_zip64) extra.u16(0x0001).u16(fields.bytes().size()).text(fields.bytes());
    Record header;
    header.u32(0x02014b50).u16(kMadeOnUnix | kVersionZip64);
    add_common(header, member, time, is_zip64, extra.bytes().size());
    header.u16(kNoComment).u16(kOnlyDisk).u16(kNoAttributes).u32(kRegularFile0644).capped32(offset);
    return header.text(member.name).text(extra.bytes()).bytes();
}

std::string end_records(uint64_t count, uint64_t central_bytes, uint64_t central_offset) {
    Record end;
    if (count >= kMax16 || is_large(central_bytes) || is_large(central_offset)) {
        end.u32(0x06064b50).u64(44).u16(kMadeOnUnix | kVersionZip64).u16(kVersionZip64).u32(0).u32(0);
        end.u64(count).u64(count).u64(central_bytes).u64(central_offset);
        end.u32(0x07064b50).u32(0).u64(central_offset + central_bytes).u32(kDisks);
    }
    end.u32(0x06054b50).u16(0).u16(0).capped16(count).capped16(count);
    end.capped32(central_bytes).capped32(central_offset).u16(kNoComment);
    return end.bytes();
}

}  // namespace

Segments stored_zip(const std::vector<ZipMember>& members, Timestamp modified) {
    const DosTime time = dos_time(modified);
    Segments segments;
    std::string central;
    uint64_t offset = 0;
    for (const ZipMember& member : members) {
        std::string header = local_header(member, time);
        central += central_header(member, time, offset);
        offset += header.size() + static_cast<uint64_t>(member.content.length);
        segments.emplace_back(std::move(header));
        if (member.content.length > 0) segments.emplace_back(member.content);
    }
    const uint64_t central_bytes = central.size();
    segments.emplace_back(std::move(central) + end_records(members.size(), central_bytes, offset));
    return segments;
}

}  // namespace msst::http::routes
