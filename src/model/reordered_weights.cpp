#include "model/reordered_weights.h"

#include <algorithm>

#include "base/error.h"
#include "graph/axis_view.h"

namespace msst::model {
namespace {

void reorder(const ReorderedWeight& weight, std::span<const float> from, std::span<float> to) {
    const graph::AxisView view = graph::view_axis(weight.shape, weight.axis);
    check(std::ssize(weight.order) == view.size, "an order is not as long as its axis");
    for (int64_t before = 0; before < view.before; ++before)
        for (int64_t i = 0; i < view.size; ++i)
            std::copy_n(from.begin() + view.at(before, weight.order[i], 0), view.after,
                        to.begin() + view.at(before, i, 0));
}

}  // namespace

graph::Constant take_reordered(WeightReader& weights, const std::vector<ReorderedWeight>& parts,
                               const graph::Shape& shape) {
    std::vector<std::function<std::vector<float>()>> values;
    for (const ReorderedWeight& part : parts) values.push_back(weights.take_values(part.name, part.shape));
    const auto fill = [parts, values](std::span<float> out) {
        for (size_t i = 0; i < parts.size(); ++i) {
            const std::vector<float> stored = values[i]();
            reorder(parts[i], stored, out.first(stored.size()));
            out = out.subspan(stored.size());
        }
        check(out.empty(), "reordered weights do not fill their constant");
    };
    return {parts.front().name, shape, fill};
}

}  // namespace msst::model
