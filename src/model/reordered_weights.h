#pragma once

#include <string>
#include <vector>

#include "model/weights.h"

namespace msst::model {

// A weight whose parts lie otherwise in the checkpoint than the graph wants them.
struct ReorderedWeight {
    std::string name;
    graph::Shape shape;
    int axis = 0;
    std::vector<int64_t> order;  // along `axis`, element i is the checkpoint's element order[i]
};

// Such weights one after another as one constant of `shape`. Throws as WeightReader::take does.
graph::Constant take_reordered(WeightReader& weights, const std::vector<ReorderedWeight>& parts,
                               const graph::Shape& shape);

}  // namespace msst::model
