#include "http/routes/submission_form.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "catalog/catalog.h"

namespace msst::http::routes {
namespace {

const std::vector<std::string> kFields = {
    "file", "model_type", "instruments", "use_tta", "extract_instrumental", "output_format", "pcm_type"};
const std::vector<std::string> kBooleans = {"true", "false", "1", "0", "yes", "no", "on", "off"};
const std::vector<std::string> kOutputFormats = {"wav", "flac"};
const std::vector<std::string> kPcmTypes = {"PCM_16", "PCM_24", "FLOAT"};
const std::vector<std::string> kFlacPcmTypes = {"PCM_16", "PCM_24"};
constexpr size_t kMaxEchoedBytes = 100;

bool contains(const std::vector<std::string>& list, const std::string& value) {
    return std::ranges::find(list, value) != list.end();
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string in_quotes(const std::string& value) {
    return "'" + clean_text(value, kMaxEchoedBytes) + "'";
}

// The names in one value of `instruments`: a JSON array of texts, or a list with commas. None: neither.
std::optional<std::vector<std::string>> split_instruments(const std::string& value) {
    std::vector<std::string> names;
    if (trim(value).starts_with('[')) {
        const auto json = nlohmann::json::parse(value, nullptr, /*allow_exceptions=*/false);
        if (!json.is_array() || !std::ranges::all_of(json, [](const auto& item) { return item.is_string(); }))
            return std::nullopt;
        for (const auto& item : json) names.emplace_back(trim(item.template get_ref<const std::string&>()));
    } else {
        for (size_t begin = 0; begin <= value.size();) {
            const size_t comma = std::min(value.find(',', begin), value.size());
            names.emplace_back(trim(std::string_view(value).substr(begin, comma - begin)));
            begin = comma + 1;
        }
    }
    if (names.empty() || contains(names, "")) return std::nullopt;
    return names;
}

std::vector<std::string> usable_names(const catalog::Catalog& catalog) {
    std::vector<std::string> names;
    for (const catalog::Model* model : catalog.available()) names.push_back(model->model_type);
    return names;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
    const std::string word = to_lower_ascii(text);
    const auto found = std::ranges::find(kBooleans, word);
    if (found == kBooleans.end()) return std::nullopt;
    return (found - kBooleans.begin()) % 2 == 0;
}

bool SubmissionForm::expects(const std::string& name) {
    return name != "file" && contains(kFields, name);
}

void SubmissionForm::add(const std::string& name, std::string value) {
    if (!expects(name)) {
        const std::string shown = clean_text(name, kMaxEchoedBytes);
        findings_.push_back(
            {"invalid_parameters", {shown.empty() ? "(no name)" : shown, "is not a known field", kFields}});
        return;
    }
    auto& values = values_[name];
    if (!values.empty() && name != "instruments")
        findings_.push_back({"invalid_parameters", {name, "must be given once", {}}});
    if (trim(value).empty()) findings_.push_back({"invalid_parameters", {name, "must not be empty", {}}});
    values.push_back(std::move(value));
}

void SubmissionForm::add_file() {
    if (has_file_) findings_.push_back({"invalid_parameters", {"file", "must be given once", {}}});
    has_file_ = true;
}

void SubmissionForm::refuse_empty_file() {
    findings_.push_back({"invalid_parameters", {"file", "must not be empty", {}}});
}

const std::string* SubmissionForm::value_of(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || trim(found->second.front()).empty()) return nullptr;
    return &found->second.front();
}

void SubmissionForm::judge_instruments(const catalog::Model& model, std::vector<Finding>& findings,
                                       tasks::SeparationRequest& request) const {
    request.instruments = model.instruments;
    const auto given = values_.find("instruments");
    if (given == values_.end()) return;
    std::set<std::string> wanted;
    for (const std::string& value : given->second) {
        if (trim(value).empty()) continue;  // a finding already
        const auto names = split_instruments(value);
        if (!names) {
            findings.push_back({"invalid_instruments",
                                {"instruments", "must be names, separated by commas or in a JSON array",
                                 model.instruments}});
            return;
        }
        wanted.insert(names->begin(), names->end());
    }
    for (const std::string& name : wanted)
        if (!contains(model.instruments, name))
            findings.push_back({"invalid_instruments",
                                {"instruments",
                                 in_quotes(name) + " is not an instrument of model '" + model.model_type +
                                     "'; valid are: " + join(model.instruments),
                                 model.instruments}});
    std::erase_if(request.instruments, [&](const std::string& name) { return !wanted.contains(name); });
}

std::vector<SubmissionForm::Finding> SubmissionForm::judge(const catalog::Catalog& catalog, Moment moment,
                                                           tasks::SeparationRequest& request) const {
    std::vector<Finding> findings = findings_;
    const auto choose = [&](const char* name, const std::vector<std::string>& allowed, std::string& target) {
        const std::string* value = value_of(name);
        if (!value) return;
        target = *value;
        if (!contains(allowed, *value))
            findings.push_back({"invalid_parameters", {name, "must be one of " + join(allowed), allowed}});
    };
    const auto decide = [&](const char* name, bool& target) {
        const std::string* value = value_of(name);
        if (!value) return;
        const auto answer = parse_boolean(trim(*value));
        if (!answer) findings.push_back({"invalid_parameters", {name, "must be true or false", kBooleans}});
        target = answer.value_or(false);
    };
    if (moment == Moment::complete && !has_file_)
        findings.push_back({"invalid_parameters", {"file", "is required", {}}});
    decide("use_tta", request.use_tta);
    decide("extract_instrumental", request.extract_instrumental);
    choose("output_format", kOutputFormats, request.output_format);
    choose("pcm_type", kPcmTypes, request.pcm_type);
    if (request.output_format == "flac" && request.pcm_type == "FLOAT")
        findings.push_back(
            {"unsupported_output",
             {"pcm_type", "FLOAT cannot be written as flac; choose PCM_16 or PCM_24", kFlacPcmTypes}});

    const std::string* named = value_of("model_type");
    if (!named && moment == Moment::under_way) return findings;  // it may still come
    request.model_type = named ? *named : catalog.default_model_type();
    const catalog::Model* model = catalog.find(request.model_type);
    if (model && model->state != catalog::ModelState::unsupported) {
        judge_instruments(*model, findings, request);
    } else {
        const std::vector<std::string> names = usable_names(catalog);
        const std::string why = model ? " cannot be run: " + model->problem : " is unknown";
        findings.push_back(
            {"unsupported_model_type",
             {"model_type", in_quotes(request.model_type) + why + "; valid are: " + join(names), names}});
    }
    return findings;
}

bool SubmissionForm::is_hopeless(const catalog::Catalog& catalog) const {
    tasks::SeparationRequest request;
    return !judge(catalog, Moment::under_way, request).empty();
}

tasks::SeparationRequest SubmissionForm::finish(const catalog::Catalog& catalog) const {
    tasks::SeparationRequest request;
    const std::vector<Finding> findings = judge(catalog, Moment::complete, request);
    if (findings.empty()) return request;

    Problem problem{.status = beast_http::status::bad_request,
                    .code = findings[0].code,
                    .message = std::to_string(findings.size()) + " parameters are invalid",
                    .errors = {},
                    .headers = {}};
    for (const Finding& finding : findings) {
        if (finding.code != problem.code) problem.code = "invalid_parameters";
        problem.errors.push_back(finding.error);
    }
    if (findings.size() == 1) problem.message = findings[0].error.field + " " + findings[0].error.message;
    throw ApiError(std::move(problem));
}

std::string SubmissionForm::canonical_text() const {
    auto values = values_;
    for (auto& [name, list] : values) std::ranges::sort(list);
    return nlohmann::json(values).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace msst::http::routes
