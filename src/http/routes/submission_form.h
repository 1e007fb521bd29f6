#pragma once

#include <map>
#include <string>
#include <vector>

#include "http/error_reply.h"
#include "tasks/task.h"

namespace msst::catalog {
class Catalog;
struct Model;
}  // namespace msst::catalog

// The fields of POST /api/v1/separate besides the file: gathered in any order, judged together.

namespace msst::http::routes {

class SubmissionForm {
public:
    // Whether there is a field of this name, other than the file.
    static bool expects(const std::string& name);

    // A field as it came. Unknown, repeated and empty ones become errors.
    void add(const std::string& name, std::string value);

    // A `file` part came; the second one is an error.
    void add_file();
    void refuse_empty_file();

    // Whether what has come so far is wrong already, whatever else may come.
    bool is_hopeless(const catalog::Catalog& catalog) const;

    // What is asked for, once all fields are there. Throws ApiError (400) with every wrong field: its code is
    // that of the errors, where they agree, else invalid_parameters.
    tasks::SeparationRequest finish(const catalog::Catalog& catalog) const;

    // The same fields and values give the same text, in whatever order they came.
    std::string canonical_text() const;

private:
    struct Finding {
        std::string code;
        FieldError error;
    };
    enum class Moment { under_way, complete };

    std::vector<Finding> judge(const catalog::Catalog& catalog, Moment moment,
                               tasks::SeparationRequest& request) const;
    const std::string* value_of(const std::string& name) const;
    void judge_instruments(const catalog::Model& model, std::vector<Finding>& findings,
                           tasks::SeparationRequest& request) const;

    std::map<std::string, std::vector<std::string>> values_;
    std::vector<Finding> findings_;  // of add()
    bool has_file_ = false;
};

// `true false 1 0 yes no on off`, in any case; none for anything else.
std::optional<bool> parse_boolean(std::string_view text);

}  // namespace msst::http::routes
