#include "model/weight_report.h"

#include <algorithm>

#include "base/error.h"
#include "model/network.h"

namespace msst::model {
namespace {

// Writes down what the network asked for and did not get.
class Recorder final : public WeightFaults {
public:
    explicit Recorder(WeightReport& report) : report_(report) {}

    void missing(const std::string& name, const graph::Shape& needed) override {
        report_.missing.push_back({name, needed});
    }
    void mismatched(const std::string& name, const graph::Shape& stored,
                    const graph::Shape& needed) override {
        report_.mismatched.push_back({name, stored, needed});
    }
    void unused(const std::vector<std::string>& names) override { report_.unused = names; }

private:
    WeightReport& report_;
};

// Sorted by name, each name once.
template <class Entry>
void tidy(std::vector<Entry>& entries) {
    std::ranges::stable_sort(entries, {}, &Entry::name);
    const auto rest = std::ranges::unique(entries, {}, &Entry::name);
    entries.erase(rest.begin(), rest.end());
}

}  // namespace

WeightReport report_weights(const std::string& architecture, const ModelConfig& config,
                            const std::shared_ptr<const Weights>& weights) {
    WeightReport report;
    for (const std::string& name : weights->names()) report.stored.push_back({name, *weights->find(name)});
    Recorder recorder(report);
    try {
        report.warnings =
            build_network(architecture, config, weights, {.stems = {}, .faults = &recorder}).warnings;
    } catch (const Error& error) {
        report.problem = error.what();
    }
    tidy(report.stored);
    tidy(report.missing);
    tidy(report.mismatched);
    return report;
}

}  // namespace msst::model
