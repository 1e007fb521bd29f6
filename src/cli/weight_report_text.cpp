#include "cli/weight_report_text.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace msst::cli {
namespace {

using model::WeightReport;
using Json = nlohmann::ordered_json;

constexpr size_t kLinesShown = 20;
constexpr size_t kMaxNameBytes = 200;

std::string counted(size_t count, const char* one, const char* several) {
    return std::to_string(count) + (count == 1 ? one : several);
}

int64_t numbers_of(const WeightReport& report) {
    int64_t sum = 0;
    for (const auto& weight : report.stored) sum += graph::elements(weight.shape);
    return sum;
}

template <class Entries, class Line>
std::string lines(const Entries& entries, Line line) {
    std::string text;
    for (size_t i = 0; i < std::min(entries.size(), kLinesShown); ++i) text += "  " + line(entries[i]) + "\n";
    if (entries.size() > kLinesShown)
        text += "  … and " + std::to_string(entries.size() - kLinesShown) + " more; --json has them all\n";
    return text;
}

Json weights_json(const std::vector<WeightReport::Weight>& weights) {
    Json list = Json::array();
    for (const auto& weight : weights) list.push_back({{"name", weight.name}, {"shape", weight.shape}});
    return list;
}

}  // namespace

std::string summarise(const WeightReport& report) {
    std::vector<std::string> faults;
    if (!report.missing.empty())
        faults.push_back(counted(report.missing.size(), " weight is missing", " weights are missing"));
    if (!report.mismatched.empty())
        faults.push_back(counted(report.mismatched.size(), " has another shape", " have another shape"));
    if (!report.unused.empty())
        faults.push_back(counted(report.unused.size(), " is not used", " are not used"));
    if (faults.empty()) return report.problem.empty() ? "ok" : report.problem;
    std::string text;
    for (const std::string& fault : faults) text += (text.empty() ? "" : ", ") + fault;
    return text;
}

std::string to_text(const WeightReport& report) {
    const auto plain = [](const std::string& name) { return clean_text(name, kMaxNameBytes); };
    std::string text = "  holds " + counted(report.stored.size(), " weight, ", " weights, ") +
                       std::to_string(numbers_of(report)) + " numbers\n";
    text += lines(report.missing, [&](const auto& w) {
        return "missing: " + plain(w.name) + " " + graph::to_string(w.shape);
    });
    text += lines(report.mismatched, [&](const auto& w) {
        return "shape: " + plain(w.name) + " is " + graph::to_string(w.stored) + ", the network needs " +
               graph::to_string(w.needed);
    });
    text += lines(report.unused, [&](const std::string& name) { return "not used: " + plain(name); });
    text += lines(report.warnings, [&](const std::string& warning) { return "warning: " + warning; });
    const bool is_told = report.missing.empty() && report.mismatched.empty() && report.unused.empty();
    if (!report.problem.empty() && !is_told) text += "  then: " + report.problem + "\n";
    return text;
}

Json report_json(const WeightReport& report) {
    Json mismatched = Json::array();
    for (const auto& weight : report.mismatched)
        mismatched.push_back({{"name", weight.name}, {"stored", weight.stored}, {"needed", weight.needed}});
    return {{"stored", weights_json(report.stored)},
            {"missing", weights_json(report.missing)},
            {"mismatched", mismatched},
            {"unused", report.unused},
            {"warnings", report.warnings},
            {"problem", report.problem}};
}

}  // namespace msst::cli
