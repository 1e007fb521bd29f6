#include "http/conditional.h"

#include <gtest/gtest.h>

namespace msst::http {
namespace {

using beast_http::verb;
constexpr char kDate[] = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr char kLater[] = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr char kEarlier[] = "Sun, 06 Nov 1994 08:49:36 GMT";
const Timestamp kTime = Timestamp(std::chrono::seconds(784'111'777)) + Milliseconds(250);

Request request(std::initializer_list<std::pair<const char*, const char*>> headers, verb method = verb::get) {
    Request request;
    request.method = method;
    for (const auto& [name, value] : headers) request.headers.insert(name, value);
    return request;
}

const Validators kStrong{"\"a\"", kTime};
const Validators kWeak{"W/\"a\"", kTime};

TEST(HttpDate, IsReadInAllThreeForms) {
    const Timestamp seconds = std::chrono::floor<std::chrono::seconds>(kTime);
    EXPECT_EQ(parse_http_date(kDate), seconds);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), seconds);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), seconds);
    EXPECT_EQ(parse_http_date(to_http_date(seconds)), seconds);
}

TEST(HttpDate, IsNoneForAnythingElse) {
    for (const char* text :
         {"", "Sun", "yesterday", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 30 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 06 Nov 1994 08:49:37 GMT+1", "Sun, -6 Nov 1994 08:49:37 GMT", "784111777",
          "Sun, 06 Nov 19941 08:49:37 GMT"})
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
}

struct Case {
    const char* name;
    std::initializer_list<std::pair<const char*, const char*>> headers;
    Precondition with_strong;
    Precondition with_weak;
};

TEST(Preconditions, FollowTheTable) {
    using enum Precondition;
    const Case table[] = {
        {"none", {}, holds, holds},
        {"same tag", {{"If-None-Match", "\"a\""}}, not_modified, not_modified},
        {"same weak tag", {{"If-None-Match", "W/\"a\""}}, not_modified, not_modified},
        {"other tag", {{"If-None-Match", "\"b\""}}, holds, holds},
        {"any tag", {{"If-None-Match", "*"}}, not_modified, not_modified},
        {"list", {{"If-None-Match", "\"b\", W/\"c,\" ,\"a\""}}, not_modified, not_modified},
        {"two lines", {{"If-None-Match", "\"b\""}, {"If-None-Match", "\"a\""}}, not_modified, not_modified},
        {"no quotes", {{"If-None-Match", "a"}}, holds, holds},
        {"match", {{"If-Match", "\"a\""}}, holds, failed},
        {"weak match", {{"If-Match", "W/\"a\""}}, failed, failed},
        {"other match", {{"If-Match", "\"b\""}}, failed, failed},
        {"any match", {{"If-Match", "*"}}, holds, holds},
        {"not since", {{"If-Modified-Since", kDate}}, not_modified, not_modified},
        {"since", {{"If-Modified-Since", kEarlier}}, holds, holds},
        {"since nonsense", {{"If-Modified-Since", "x"}}, holds, holds},
        {"unmodified", {{"If-Unmodified-Since", kDate}}, holds, holds},
        {"modified", {{"If-Unmodified-Since", kEarlier}}, failed, failed},
        // Tags win over dates, and the must-match ones come first.
        {"tag over date", {{"If-None-Match", "\"b\""}, {"If-Modified-Since", kDate}}, holds, holds},
        {"match over date", {{"If-Match", "*"}, {"If-Unmodified-Since", kEarlier}}, holds, holds},
        {"match first", {{"If-Match", "\"b\""}, {"If-None-Match", "\"a\""}}, failed, failed},
    };
    for (const Case& row : table) {
        EXPECT_EQ(evaluate_preconditions(request(row.headers), kStrong), row.with_strong) << row.name;
        EXPECT_EQ(evaluate_preconditions(request(row.headers), kWeak), row.with_weak) << row.name;
        EXPECT_EQ(evaluate_preconditions(request(row.headers, verb::head), kStrong), row.with_strong)
            << row.name;
    }
}

TEST(Preconditions, FailInsteadOfNotModifiedWhenTheMethodChangesThings) {
    EXPECT_EQ(evaluate_preconditions(request({{"If-None-Match", "*"}}, verb::delete_), kStrong),
              Precondition::failed);
    EXPECT_EQ(evaluate_preconditions(request({{"If-Modified-Since", kLater}}, verb::delete_), kStrong),
              Precondition::holds);
}

TEST(IfRange, HoldsOnlyForTheStrongTagOrTheExactDate) {
    const auto holds = [](const char* value, const Validators& current) {
        return if_range_holds(request({{"If-Range", value}}), current);
    };
    EXPECT_TRUE(if_range_holds(request({}), kStrong));
    EXPECT_TRUE(holds("\"a\"", kStrong));
    EXPECT_FALSE(holds("\"b\"", kStrong));
    EXPECT_FALSE(holds("W/\"a\"", kStrong));
    EXPECT_FALSE(holds("W/\"a\"", kWeak));
    EXPECT_FALSE(holds("\"a\"", kWeak));
    EXPECT_FALSE(holds("\"a\", \"b\"", kStrong));
    EXPECT_FALSE(holds("*", kStrong));
    EXPECT_TRUE(holds(kDate, kStrong));
    EXPECT_FALSE(holds(kLater, kStrong));
    EXPECT_FALSE(holds(kEarlier, kStrong));
    EXPECT_FALSE(holds("", kStrong));
}

}  // namespace
}  // namespace msst::http
