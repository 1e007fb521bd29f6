#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"
#include "http/error_reply.h"
#include "http/routes/submission_form.h"
#include "tasks/task_json.h"

// The fields of a submission, of any names and values, JSON among them: `name=value`, separated by zero
// bytes. They become a request that the model can carry out, or a problem with status 400; in whatever order
// they came.

namespace {

using namespace msst;
using http::routes::SubmissionForm;
using Fields = std::vector<std::pair<std::string, std::string>>;

Fields split_fields(std::string_view text) {
    Fields fields;
    while (!text.empty() && fields.size() < 50) {
        const std::string_view field = text.substr(0, text.find('\0'));
        const size_t equals = std::min(field.find('='), field.size());
        fields.emplace_back(field.substr(0, equals), field.substr(std::min(equals + 1, field.size())));
        text.remove_prefix(std::min(field.size() + 1, text.size()));
    }
    return fields;
}

template <class Range>
SubmissionForm fill(const Range& fields) {
    SubmissionForm form;
    form.add_file();
    for (const auto& [name, value] : fields) form.add(name, value);
    return form;
}

void check_request(const tasks::SeparationRequest& request, const catalog::Catalog& catalog) {
    const catalog::Model* model = catalog.find(request.model_type);
    check(model != nullptr, "submission_fuzzer: an unknown model");
    check(!request.instruments.empty(), "submission_fuzzer: no instruments");
    size_t at = 0;  // a subset in the model's order
    for (const std::string& name : model->instruments)
        if (at < request.instruments.size() && request.instruments[at] == name) ++at;
    check(at == request.instruments.size(), "submission_fuzzer: instruments the model has not");
    const std::string stored = tasks::to_json_text(request);
    check(tasks::to_json_text(tasks::parse_separation_request(stored)) == stored,
          "submission_fuzzer: a request does not read back to itself");
}

// "refused", or the request as it is stored.
std::string outcome(const SubmissionForm& form, const catalog::Catalog& catalog) {
    try {
        const tasks::SeparationRequest request = form.finish(catalog);
        check_request(request, catalog);
        check(!form.is_hopeless(catalog), "submission_fuzzer: hopeless, and yet a request");
        return tasks::to_json_text(request);
    } catch (const http::ApiError& error) {
        check(error.problem().status == http::beast_http::status::bad_request,
              "submission_fuzzer: another status than 400");
        check(!error.problem().errors.empty(), "submission_fuzzer: nothing is named");
        http::problem_response(error.problem(), "id");
        return "refused";
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const catalog::Catalog catalog({catalog::embedded_model()}, "dsp");
    const Fields fields = split_fields({reinterpret_cast<const char*>(data), size});
    const SubmissionForm form = fill(fields);
    const std::string seen = outcome(form, catalog);
    const SubmissionForm backwards = fill(std::views::reverse(fields));
    const std::string seen_backwards = outcome(backwards, catalog);
    // Of two values for one field the first one stands, so a refused form may be refused for something else.
    check(seen == seen_backwards, "submission_fuzzer: the order matters");
    if (seen != "refused")
        check(form.canonical_text() == backwards.canonical_text(),
              "submission_fuzzer: the text depends on the order");
    return 0;
}
