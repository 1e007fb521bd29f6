#include "cli/run_profile.h"

#include <algorithm>
#include <variant>

namespace msst::cli {
namespace {

std::string name_of(const graph::Op& op) {
    return std::visit([](const auto& operation) { return std::string(operation.kName); }, op);
}

}  // namespace

RunProfile::RunProfile(const graph::Graph& graph) {
    for (const graph::Node& node : graph.nodes()) {
        const std::string name = name_of(node.op);
        auto entry = std::ranges::find(entries_, name, &Entry::operation);
        if (entry == entries_.end()) entry = entries_.insert(entry, Entry{.operation = name});
        ++entry->count;
        entry->flops += node.flops;
        total_ += node.work;
        nodes_.push_back({static_cast<size_t>(entry - entries_.begin()), total_});
    }
}

void RunProfile::start() {
    next_ = 0;
    seconds_ = 0;
}

void RunProfile::add(double fraction, double seconds) {
    // Fractions come back from a division: half an operation's rounding is no operation.
    const double done = fraction * total_ * (1 + 1e-12) + 0.5;
    size_t end = next_;
    while (end < nodes_.size() && nodes_[end].end <= done) ++end;
    if (end == next_) return;
    double before = next_ > 0 ? nodes_[next_ - 1].end : 0;
    const double work = nodes_[end - 1].end - before;
    for (; next_ < end; ++next_) {
        const double share = (nodes_[next_].end - before) / work;
        entries_[nodes_[next_].entry].seconds += share * (seconds - seconds_);
        before = nodes_[next_].end;
    }
    seconds_ = seconds;
}

std::vector<RunProfile::Entry> RunProfile::entries() const {
    std::vector<Entry> sorted = entries_;
    std::ranges::stable_sort(sorted, std::greater(), &Entry::seconds);
    return sorted;
}

}  // namespace msst::cli
