#include "http/conditional.h"

#include <array>
#include <charconv>
#include <vector>

#include "base/text.h"

namespace msst::http {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Reads a date from the left; every step fails softly.
class DateReader {
public:
    explicit DateReader(std::string_view text) : rest_(text) {}

    bool literal(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }
    bool word_of(std::initializer_list<std::string_view> words) {
        for (const std::string_view word : words)
            if (literal(word)) return true;
        return false;
    }
    bool digits(size_t count, int& value) {
        if (rest_.size() < count) return false;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + count, value);
        if (error != std::errc{} || end != rest_.data() + count || rest_[0] == '-') return false;
        rest_.remove_prefix(count);
        return true;
    }
    bool month_name(int& value) {
        for (size_t i = 0; i < kMonths.size(); ++i)
            if (literal(kMonths[i])) return value = static_cast<int>(i) + 1, true;
        return false;
    }
    // A day in two columns, padded with a blank (asctime).
    bool padded_day(int& value) { return literal(" ") ? digits(1, value) : digits(2, value); }
    bool time_of_day(int& hour, int& minute, int& second) {
        return digits(2, hour) && literal(":") && digits(2, minute) && literal(":") && digits(2, second);
    }
    bool is_at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

struct DateParts {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;

    std::optional<Timestamp> timestamp() const {
        const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                  std::chrono::day(static_cast<unsigned>(day))};
        if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
        return Timestamp(sys_days(date) + hours(hour) + minutes(minute) + seconds(second));
    }
};

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<Timestamp> parse_imf_fixdate(std::string_view text) {
    DateReader in(text);
    DateParts d;
    const bool is_read = in.word_of({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}) && in.literal(", ") &&
                         in.digits(2, d.day) && in.literal(" ") && in.month_name(d.month) &&
                         in.literal(" ") && in.digits(4, d.year) && in.literal(" ") &&
                         in.time_of_day(d.hour, d.minute, d.second) && in.literal(" GMT") && in.is_at_end();
    return is_read ? d.timestamp() : std::nullopt;
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<Timestamp> parse_rfc850(std::string_view text) {
    DateReader in(text);
    DateParts d;
    const bool is_read =
        in.word_of({"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}) &&
        in.literal(", ") && in.digits(2, d.day) && in.literal("-") && in.month_name(d.month) &&
        in.literal("-") && in.digits(2, d.year) && in.literal(" ") &&
        in.time_of_day(d.hour, d.minute, d.second) && in.literal(" GMT") && in.is_at_end();
    if (!is_read) return std::nullopt;
    d.year += d.year < 70 ? 2000 : 1900;
    return d.timestamp();
}

// "Sun Nov  6 08:49:37 1994"
std::optional<Timestamp> parse_asctime(std::string_view text) {
    DateReader in(text);
    DateParts d;
    const bool is_read = in.word_of({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}) && in.literal(" ") &&
                         in.month_name(d.month) && in.literal(" ") && in.padded_day(d.day) &&
                         in.literal(" ") && in.time_of_day(d.hour, d.minute, d.second) && in.literal(" ") &&
                         in.digits(4, d.year) && in.is_at_end();
    return is_read ? d.timestamp() : std::nullopt;
}

// Every line of the header, as the one list they are (RFC 9110, 5.3). None: it is not there.
std::optional<std::string> list_header(const Request& request, std::string_view name) {
    std::optional<std::string> joined;
    const auto [begin, end] = request.headers.equal_range(name);
    for (auto field = begin; field != end; ++field) {
        if (joined) *joined += ", ";
        if (!joined) joined.emplace();
        joined->append(field->value().data(), field->value().size());
    }
    return joined;
}

struct Tag {
    bool is_weak = false;
    std::string_view quoted;
};

// entity-tag at the front of `text`, which is left behind it; none if there is none.
std::optional<Tag> take_tag(std::string_view& text) {
    Tag tag;
    std::string_view rest = text;
    if (rest.starts_with("W/")) {
        tag.is_weak = true;
        rest.remove_prefix(2);
    }
    if (!rest.starts_with('"')) return std::nullopt;
    const size_t close = rest.find('"', 1);
    if (close == std::string_view::npos) return std::nullopt;
    tag.quoted = rest.substr(0, close + 1);
    text = rest.substr(close + 1);
    return tag;
}

enum class Comparison { weak, strong };

bool is_same(const Tag& a, const Tag& b, Comparison comparison) {
    if (comparison == Comparison::strong && (a.is_weak || b.is_weak)) return false;
    return a.quoted == b.quoted;
}

// Whether the list ("*" included) names the current tag. What follows a malformed element is not read.
bool list_names(std::string_view list, const Validators& current, Comparison comparison) {
    list = trim(list);
    if (list == "*") return true;
    std::string_view current_text = current.etag;
    const std::optional<Tag> current_tag = take_tag(current_text);
    if (!current_tag) return false;
    while (!list.empty()) {
        if (list.front() == ',' || list.front() == ' ' || list.front() == '\t') {
            list.remove_prefix(1);
            continue;
        }
        const std::optional<Tag> tag = take_tag(list);
        if (!tag) return false;
        if (is_same(*tag, *current_tag, comparison)) return true;
    }
    return false;
}

// To the second, as HTTP dates are. None: no such header, or no date.
std::optional<Timestamp> date_header(const Request& request, std::string_view name) {
    const auto [begin, end] = request.headers.equal_range(name);
    if (begin == end || std::next(begin) != end) return std::nullopt;
    return parse_http_date(begin->value());
}

Timestamp whole_seconds(Timestamp time) {
    return floor<seconds>(time);
}

bool is_get_or_head(const Request& request) {
    return request.method == beast_http::verb::get || request.method == beast_http::verb::head;
}

}  // namespace

std::optional<Timestamp> parse_http_date(std::string_view text) {
    text = trim(text);
    if (const auto time = parse_imf_fixdate(text)) return time;
    if (const auto time = parse_rfc850(text)) return time;
    return parse_asctime(text);
}

Precondition evaluate_preconditions(const Request& request, const Validators& current) {
    if (const auto match = list_header(request, "If-Match")) {
        if (!list_names(*match, current, Comparison::strong)) return Precondition::failed;
    } else if (const auto since = date_header(request, "If-Unmodified-Since")) {
        if (current.last_modified && whole_seconds(*current.last_modified) > *since)
            return Precondition::failed;
    }
    if (const auto none_match = list_header(request, "If-None-Match")) {
        if (list_names(*none_match, current, Comparison::weak))
            return is_get_or_head(request) ? Precondition::not_modified : Precondition::failed;
    } else if (const auto since = date_header(request, "If-Modified-Since")) {
        if (is_get_or_head(request) && current.last_modified &&
            whole_seconds(*current.last_modified) <= *since)
            return Precondition::not_modified;
    }
    return Precondition::holds;
}

bool if_range_holds(const Request& request, const Validators& current) {
    const auto [begin, end] = request.headers.equal_range("If-Range");
    if (begin == end) return true;
    if (std::next(begin) != end) return false;
    std::string_view value = trim(begin->value());
    std::string_view current_text = current.etag;
    const std::optional<Tag> current_tag = take_tag(current_text);
    if (const std::optional<Tag> tag = take_tag(value))
        return value.empty() && current_tag && is_same(*tag, *current_tag, Comparison::strong);
    const std::optional<Timestamp> date = parse_http_date(value);
    return date && current.last_modified && whole_seconds(*current.last_modified) == *date;
}

}  // namespace msst::http
